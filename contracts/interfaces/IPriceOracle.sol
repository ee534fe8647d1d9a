// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @dev How far the DEX average may count as away from the feed where fills are judged, basis points.
uint256 constant MAX_LEAD_BPS = 50;

/// @title Prices of one market's underlying in USDC, WAD
/// @notice Three prices for three purposes. `spot` values what the vault owns and owes: Chainlink alone, so that no DEX
/// trade can move it. `read` prices trades: its range spans Chainlink, the DEX price of the moment, and what it was between
/// its last observations, so that a lag of one cannot be traded against. `settlementPrice` decides pay-offs: one Chainlink
/// round, proven to be the first at or after expiry, whoever asks and whenever. `averageNear` judges fills.
interface IPriceOracle {
    /// @notice All that a trade needs to know of the market, read in one pass. Prices are WAD.
    /// @param spot Chainlink's latest round, as in `spot()`.
    /// @param low,high The prices between which a trade is made; `low ≤ spot ≤ high`.
    /// @param updatedAt When that round was written, unix seconds.
    /// @param stale Whether the round is older than `maxAge`, the DEX does not remember the whole window of its average, or an
    /// L2's sequencer has not been up for long: holders may still close, at the dearer end of the range, but nothing may be
    /// opened on such a price.
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
    /// @notice The feed answered `answer` (not positive, or not within its own bounds) or time `updatedAt` (zero or in the
    /// future).
    error InvalidPrice(int256 answer, uint256 updatedAt);
    /// @notice Settlement was asked for before expiry.
    error NotExpired(uint256 expiry, uint256 time);
    /// @notice Round `roundId` at `roundTime` is before `expiry`: a later round decides.
    error RoundBeforeExpiry(uint80 roundId, uint256 roundTime, uint256 expiry);
    /// @notice `earlierRoundId` is a valid round at or after `expiry` too: it decides, not `roundId`.
    error NotFirstRound(uint80 roundId, uint80 earlierRoundId, uint256 expiry);
    /// @notice More than `limit` ids before `roundId` hold no round, so that nothing can be proven from it.
    error GapTooLong(uint80 roundId, uint256 limit);
    /// @notice Phase `phaseId`, later than that of `roundId`, was in force before expiry: its rounds decide, or later ones'.
    error PhaseSuperseded(uint80 roundId, uint16 phaseId);
    /// @notice Phase `phaseId`, older than the round's, has written none since the expiry, and may do so until `time`.
    error PhaseUndecided(uint16 phaseId, uint256 time);
    /// @notice The L2's sequencer is down, or has been up for less than `grace` seconds, `since` then (0: not known).
    error SequencerDown(uint256 since, uint256 grace);

    /// @notice The price that values the vault: Chainlink's latest round. Reverts `StalePrice` beyond `maxAge`, and
    /// `SequencerDown`.
    /// @return price WAD. @return updatedAt unix seconds.
    function spot() external view returns (uint256 price, uint256 updatedAt);

    /// @notice Spot and the range of prices between which a trade is made: the lowest and the highest of Chainlink, the DEX
    /// price now, and the DEX price between its last observations. Reverts `StalePrice` only beyond `lastResortAge`.
    function read() external view returns (Reading memory);

    /// @notice The DEX average, without a price of the moment, and no more than half a percent away from `price`: what fills of the hedge are
    /// judged by besides `spot`, so that a feed that lags hides no loss. Whoever pushes the average for long enough pays more for
    /// that than he can make a fill look worse. WAD.
    function averageNear(uint256 price) external view returns (uint256);

    /// @notice When there was a price last, unix seconds. Reverts when what there is, is none.
    function lastUpdate() external view returns (uint256 updatedAt);

    /// @notice The price at which series of `expiry` pay: that of the first Chainlink round at or after `expiry`, of the oldest
    /// phase that may have been in force.
    /// @param roundId Proxy round id of that round. Reverts with a named error for any other.
    function settlementPrice(uint256 expiry, uint80 roundId) external view returns (uint256 price);

    /// @notice The same, for the market as it settles: what the oracle wants to remember of this moment it writes down.
    function settle(uint256 expiry, uint80 roundId) external returns (uint256 price);
}
