// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IAsyncShares} from "./IAsyncShares.sol";
import {IHedgePosition} from "./IHedgePosition.sol";
import {IPriceOracle} from "./IPriceOracle.sol";
import {IVolSurface} from "./IVolSurface.sol";

/// @title The pool behind the market: LP shares, cash, book, mark, NAV, limits
/// @notice LPs' side: an asynchronous vault in the manner of ERC-4626 and ERC-7540. Requests queue, `processEpoch`
/// prices a whole epoch at once, claims follow. Market's and desk's side: they move cash and positions through this
/// contract's own accounts and never through its token balance, so that a donation changes nothing.
/// Units: cash and LP assets in USDC (6 decimals), shares in 18 decimals, everything else WAD.
interface IOptionVault is IAsyncShares {
    /// @notice The book valued at one spot and one surface. Signed amounts are the vault's: a short book has negative
    /// value, vega and gamma. `weightedVega` and `grossVega` are tenor-weighted and plain vega, net and in absolute sum.
    struct Mark {
        int128 value;
        int128 delta;
        int128 gamma;
        int128 vega;
        int128 weightedVega;
        uint128 grossVega;
        uint128 spot;
        uint64 time;
    }

    /// @notice What a rule or a quote needs to know about the vault's state, at the current mark.
    /// @param nav WAD USDC; negative if liabilities exceed assets.
    /// @param vegaCapacity WAD USDC per 1.00 of vol.
    struct Exposure {
        Mark mark;
        int256 hedgeDelta;
        int256 nav;
        uint256 vegaCapacity;
    }

    /// @notice A change of one position with its value and Greeks for the whole quantity, signed for the vault.
    struct Fill {
        uint256 id;
        int256 quantity;
        int256 value;
        int256 delta;
        int256 gamma;
        int256 vega;
        int256 weightedVega;
    }

    /// @param vegaCapacityBps Share of NAV that is the capacity for net weighted vega per 1.00 of vol.
    /// @param maxLeverageBps Notional of open short contracts may be this multiple of NAV.
    /// @param spreadVol Half-spread for NAV: the book's bid and ask lie this many vol points (WAD) from its mark.
    /// @param maxMarkAge Seconds after which a mark is stale. @param maxMarkMoveBps Spot move after which it is.
    /// @param epochLength Seconds between two epochs, at least.
    struct Limits {
        uint32 vegaCapacityBps;
        uint32 maxLeverageBps;
        uint64 spreadVol;
        uint32 maxMarkAge;
        uint32 maxMarkMoveBps;
        uint32 epochLength;
    }

    event Marked(int256 value, int256 delta, int256 gamma, int256 vega, uint256 spot);
    event SeriesListed(uint256 indexed id, uint256 indexed expiry, uint256 strike, bool isCall);
    event PositionChanged(uint256 indexed id, int256 change, int256 quantity);
    event ExpirySettled(uint256 indexed expiry, uint256 price, uint256 payouts);
    event HolderPaid(uint256 indexed id, address indexed recipient, uint256 quantity, uint256 assets);
    event HedgeFunded(uint256 assets);
    event HedgeReturned(uint256 assets);
    /// @param navBid NAV with the book at its ask (what leaving LPs get), @param navAsk with the book at its bid; WAD.
    event EpochProcessed(
        uint256 indexed epoch,
        int256 navBid,
        int256 navAsk,
        uint256 assetsIn,
        uint256 sharesOut,
        uint256 sharesIn,
        uint256 assetsOut
    );
    event LimitsSet(Limits limits);
    event ModulesSet(address market, IHedgePosition hedge);

    error EpochOpen(uint256 endsAt);
    error ExpiryUnsettled(uint256 expiry);
    error SeriesExpired(uint256 expiry);
    error VegaCapacityExceeded(uint256 weightedVega, uint256 capacity);
    error NotionalExceeded(uint256 notional, uint256 limit);
    error InsufficientCash(uint256 needed, uint256 available);
    error InvalidLimits(string what);

    // Views
    function oracle() external view returns (IPriceOracle);
    function surface() external view returns (IVolSurface);
    function hedge() external view returns (IHedgePosition);
    function cash() external view returns (uint256);
    function owed() external view returns (uint256);
    function freeCash() external view returns (uint256);
    function epochEndsAt() external view returns (uint256);
    /// @notice The mark as it stands: the stored one if fresh, else recomputed in memory.
    function currentMark() external view returns (Mark memory mark, bool fresh);
    function exposure() external view returns (Exposure memory);
    /// @notice Net assets at the current mark, WAD USDC.
    function nav() external view returns (int256);
    function epoch() external view returns (uint256);
    function limits() external view returns (Limits memory);
    function market() external view returns (address);
    function openExpiries() external view returns (uint256[] memory);
    /// @notice Every listed series of every open expiry with the vault's position in it (WAD, negative when short).
    function book() external view returns (uint256[] memory ids, int256[] memory quantities);
    function positionOf(uint256 id) external view returns (int256);
    /// @notice The price an expiry settled at, WAD; zero while it has not.
    function settlementPriceOf(uint256 expiry) external view returns (uint256);

    // Anyone
    /// @notice Recomputes the mark exactly at the live oracle price and stores it.
    function mark() external returns (Mark memory);
    /// @notice Prices the open epoch: mints shares for queued deposits, sets assets aside for queued redemptions.
    function processEpoch() external;

    // The market
    /// @notice The current exposure, re-marked first if the mark is stale.
    function refresh() external returns (Exposure memory);
    /// @notice Books a trade: positions, mark, limits, and `cashIn` (USDC that the market sends right after this call,
    /// or if negative that the vault pays to `recipient`).
    function applyTrade(Fill[] calldata fills, int256 cashIn, address recipient) external;
    function list(uint256[] calldata ids) external;
    function settle(uint256 expiry, uint256 price) external;
    /// @notice Pays the pay-off of `quantity` (WAD) of a settled series, rounded down, out of what is owed.
    function payHolder(uint256 id, uint256 quantity, address recipient) external returns (uint256 assets);

    // The desk
    function fundHedge(uint256 assets) external;
    function returnFromHedge(uint256 assets) external;
}
