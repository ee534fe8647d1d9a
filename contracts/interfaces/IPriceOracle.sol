// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title Prices of one market's underlying in USDC, WAD
/// @notice Three prices for three purposes. `spot` values what the vault owns and owes: Chainlink alone, so that no DEX
/// trade can move it. `read` prices trades: its range spans Chainlink, a short DEX average, and the DEX price of the
/// moment and at the start of the block, so that a lag of one cannot be traded against. `settlementPrice` decides pay-offs:
/// one Chainlink round, proven to be the first at or after expiry, whoever asks and whenever.
interface IPriceOracle {
    /// @notice All that a trade needs to know of the market, read in one pass. Prices are WAD.
    /// @param spot Chainlink's latest round, as in `spot()`.
    /// @param low,high The prices between which a trade is made; `low ≤ spot ≤ high`.
    /// @param updatedAt When that round was written, unix seconds.
    /// @param stale Whether the round is older than `maxAge`: holders may still close, at the dearer end of the range, but
    /// nothing may be opened on such a price.
    struct Reading {
        uint256 spot;
        uint256 low;
        uint256 high;
        uint256 updatedAt;
        bool stale;
    }

    /// @notice A constructor argument that no oracle can work with.
    error InvalidOracle(string field);
    /// @notice The feed's last update at `updatedAt` is older than `limit` seconds: `maxAge`, or for `read` `lastResortAge`.
    error StalePrice(uint256 updatedAt, uint256 limit);
    /// @notice The feed answered `answer` (not positive) with time `updatedAt` (zero or in the future).
    error InvalidPrice(int256 answer, uint256 updatedAt);
    /// @notice Settlement was asked for before expiry.
    error NotExpired(uint256 expiry, uint256 time);
    /// @notice Round `roundId` at `roundTime` is before `expiry`: a later round decides.
    error RoundBeforeExpiry(uint80 roundId, uint256 roundTime, uint256 expiry);
    /// @notice `earlierRoundId` is a valid round at or after `expiry` too: it decides, not `roundId`.
    error NotFirstRound(uint80 roundId, uint80 earlierRoundId, uint256 expiry);
    /// @notice More than `limit` ids before `roundId` hold no round, so that nothing can be proven from it.
    error GapTooLong(uint80 roundId, uint256 limit);
    /// @notice Phase `phaseId`, later than that of `roundId`, had begun before expiry: its rounds decide.
    error PhaseSuperseded(uint80 roundId, uint16 phaseId);

    /// @notice The price that values the vault: Chainlink's latest round. Reverts `StalePrice` beyond `maxAge`.
    /// @return price WAD. @return updatedAt unix seconds.
    function spot() external view returns (uint256 price, uint256 updatedAt);

    /// @notice Spot and the range of prices between which a trade is made: the lowest and the highest of Chainlink, the DEX
    /// average, and the DEX price now and at the start of the block. Reverts `StalePrice` only beyond `lastResortAge`.
    function read() external view returns (Reading memory);

    /// @notice The price at which series of `expiry` pay: that of the first Chainlink round at or after `expiry`.
    /// @param roundId Proxy round id of that round. Reverts with a named error for any other.
    function settlementPrice(uint256 expiry, uint80 roundId) external view returns (uint256 price);
}
