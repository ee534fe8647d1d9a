// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IAsyncShares} from "./IAsyncShares.sol";
import {IHedgePosition} from "./IHedgePosition.sol";
import {IPriceOracle} from "./IPriceOracle.sol";
import {IVolSurface} from "./IVolSurface.sol";
import {ExpiryTotals, Leg, Mark, PackedPricing, Quote, TradedFlow, VaultLimits} from "./Types.sol";

/// @title The pool behind the market: LP shares, cash, book, mark, NAV, limits
/// @notice LPs' side: an asynchronous vault in the manner of ERC-4626 and ERC-7540. Requests queue, `processEpoch`
/// prices a whole epoch at once, claims follow. Market's and desk's side: they move cash and positions through this
/// contract's own accounts and never through its token balance, so that a donation changes nothing.
/// Units: cash and LP assets in USDC (6 decimals), shares in 18 decimals, everything else WAD.
interface IOptionVault is IAsyncShares {
    /// @notice What a rule, a quote or a hedger needs to know about the vault's state.
    /// @param mark The book at the mark's own spot. @param spot Live oracle price.
    /// @param base Hedge in units of underlying. @param quote Hedge in USDC.
    /// @param nav Net assets with book and hedge at the mark's spot; negative if liabilities exceed assets.
    /// @param vegaCapacity What the inventory charge is measured by: fixed for an epoch, so that the charge is a potential.
    /// @param traded What has been traded up to now, and lately.
    struct Exposure {
        Mark mark;
        uint256 spot;
        int256 base;
        int256 quote;
        int256 nav;
        uint256 vegaCapacity;
        TradedFlow traded;
    }

    /// @notice What a hedge goes by at the live price, all WAD. @param netDelta Of book and hedge, see MarkedBook.deltaAt.
    /// @param traded What of it trades of this block have added. @param base,quote The hedge: see IHedgePosition.
    /// @param nav USDC. @param inAll What trades have added up to now, see TradedDelta.
    struct Balance {
        uint256 spot;
        int256 netDelta;
        int256 traded;
        int256 base;
        int256 quote;
        int256 nav;
        TradedFlow inAll;
    }

    event Marked(Mark mark);
    event SeriesListed(uint256 indexed id, uint256 indexed expiry, uint256 strike, bool isCall);
    event SeriesDelisted(uint256 indexed id);
    event ExpirySettled(uint256 indexed expiry, uint256 price, uint256 payouts);
    /// @notice A holder was paid; what is owed in all fell by `released`, at least as much.
    event HolderPaid(uint256 indexed id, address indexed recipient, uint256 quantity, uint256 assets, uint256 released);
    /// @notice A sale was made for which the pool had too little cash: `assets` more are owed to `account`.
    event ProceedsOwed(address indexed account, uint256 assets);
    event ProceedsPaid(address indexed account, uint256 assets);
    event HedgeFunded(address indexed to, uint256 assets);
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
    /// @notice The insurance reserve paid holders what the pool could not.
    event InsuranceUsed(uint256 assets, uint256 left);
    event LimitsSet(VaultLimits limits);
    /// @notice Another oracle values the pool, and decides the expiries that are listed from now on.
    event OracleSet(IPriceOracle oracle);
    event ModulesSet(address market, IHedgePosition hedge);
    event Paused(address account);
    event Unpaused(address account);

    error EpochOpen(uint256 endsAt);
    error ExpiryUnsettled(uint256 expiry);
    /// @notice The slice of `expiry`, of `updatedAt`, is too old or frozen to price an epoch by. It is, once the epoch is a whole
    /// epoch overdue.
    error EpochSurfaceStale(uint256 expiry, uint256 updatedAt);
    /// @notice NAV at the posted surface and at the references are `gap` apart, more than `limit` (WAD USDC): an epoch that is not a
    /// whole epoch overdue waits until they are not.
    error EpochSurfaceUnsettled(uint256 gap, uint256 limit);
    /// @notice A guardian has stopped new risk; closing, exercising, claiming and leaving go on.
    error OpeningPaused();
    /// @notice NAV has fallen too far below what the shares were worth at their peak (both WAD USDC): closing only, until it
    /// recovers or the peak, which falls by half of the distance with every epoch, has come near.
    error DrawdownTooLarge(int256 nav, int256 floor);
    /// @notice A module that still has positions or money cannot be replaced.
    error ModuleInUse(address module);

    // Views

    /// @notice `major.minor` of what these interfaces say. Clients of another major version misread this deployment.
    function version() external pure returns (string memory);
    /// @notice The oracle that values the pool now.
    function oracle() external view returns (IPriceOracle);
    /// @notice The oracle by whose rounds series of `expiry` settle: the one that the expiry was listed with.
    function oracleOf(uint256 expiry) external view returns (IPriceOracle);
    function surface() external view returns (IVolSurface);
    function desk() external view returns (IHedgePosition);
    function market() external view returns (address);
    function limits() external view returns (VaultLimits memory);
    /// @notice USDC of the pool. Queued deposits, assets set aside for redemptions and the insurance reserve are not in it.
    function cash() external view returns (uint256);
    /// @notice USDC owed to holders of settled series, and to sellers who are waiting for their proceeds.
    function owed() external view returns (uint256);
    /// @notice USDC of the reserve that pays holders what the pool cannot. It is no LP's.
    function insurance() external view returns (uint256);
    /// @notice Cash beyond what is owed.
    function freeCash() external view returns (uint256);
    /// @notice What is owed beyond the cash at hand: to be raised from the hedge, which anyone may do at the desk.
    function shortfall() external view returns (uint256);
    /// @notice The mark as it stands: the stored one if fresh, else value and Greeks recomputed in memory.
    function currentMark() external view returns (Mark memory mark, bool fresh);
    /// @notice Value and Greeks computed now, without scenarios.
    function greeks() external view returns (Mark memory);
    function exposure() external view returns (Exposure memory);
    /// @notice What a hedge goes by, at the stored mark if it is fresh. Reverts in the middle of the vault's own actions.
    function balance() external view returns (Balance memory);
    /// @notice What trades have added to the book's delta: in the last block with one, and in all.
    function traded() external view returns (TradedFlow memory);
    /// @notice The same at a spot of the caller's choice.
    function exposureAt(uint256 spot) external view returns (Exposure memory);
    /// @notice NAV in each stress scenario with the hedge as it stands, WAD USDC, and which is worst.
    function stress() external view returns (int256[12] memory navs, uint256 worst);
    /// @notice Both at a spot of the caller's choice, from one look at the book.
    function stressAt(
        uint256 spot
    ) external view returns (Exposure memory exposure, int256[12] memory navs, uint256 worst);
    /// @notice Net assets at the current mark, WAD USDC.
    function nav() external view returns (int256);
    function epoch() external view returns (uint256);
    function epochEndsAt() external view returns (uint256);
    /// @notice NAV per share now, and its peak as the drawdown breaker sees it; 12 decimals.
    function shareValue() external view returns (uint256 value, uint256 peak);
    /// @notice Peak of NAV per share (12 decimals), and the NAV (WAD USDC) below which nothing new is opened in this epoch.
    function breaker() external view returns (uint256 peak, int256 floor);
    /// @notice Whether a guardian has stopped new risk.
    function paused() external view returns (bool);
    /// @notice Net weighted vega that trades may still add now, as far as the window goes.
    function vegaWindowLeft() external view returns (uint256);
    /// @notice What the pool's budget for losses to posted surfaces has left, WAD USDC: see SurfaceBudget.
    function surfaceAllowance() external view returns (uint256);
    function openExpiries() external view returns (uint256[] memory);
    /// @notice Every listed series of every open expiry with the vault's position in it (WAD, negative when short).
    function book() external view returns (uint256[] memory ids, int256[] memory quantities);
    function positionOf(uint256 id) external view returns (int256);
    /// @notice Short contracts over all open expiries, WAD. At zero the hedge has to go.
    function openContracts() external view returns (uint256);
    /// @notice What an expiry's holders hold (WAD), its settlement price (WAD, zero before), and USDC it still owes.
    function expiryOf(uint256 expiry) external view returns (ExpiryTotals memory);
    /// @notice The price an expiry settled at, WAD; zero while it has not.
    function settlementPriceOf(uint256 expiry) external view returns (uint256);
    /// @notice What a trade would be asked for now, and the exposure after it; reverts as the trade would.
    function previewTrade(
        Leg[] calldata legs,
        PackedPricing calldata terms
    ) external view returns (Quote memory, Exposure memory afterwards);

    // Anyone
    /// @notice Recomputes the mark exactly at the live oracle price, with its scenarios, and stores it.
    function mark() external returns (Mark memory);
    /// @notice Lets the surface's references follow what is posted, as far as time and the budget allow.
    function followSurface() external;
    /// @notice Prices the open epoch: mints shares for queued deposits, sets assets aside for queued redemptions.
    function processEpoch() external;

    /// @notice Pays what `account` is owed for options that it sold back, as far as there is cash. Anyone may call it.
    /// @return assets USDC paid.
    function claimProceeds(address account) external returns (uint256 assets);
    /// @notice USDC owed to `account` for options that it sold back when the pool's cash was in the hedge.
    function proceedsOf(address account) external view returns (uint256);

    // Guardian
    /// @notice Stops new risk, and nothing else. Role: GUARDIAN.
    function pause() external;
    /// @notice Role: GUARDIAN.
    function unpause() external;

    // The market
    /// @notice Prices a trade on the market's terms and books it: positions, mark, limits, and its cash, which the market
    /// sends right after this call, or if negative the vault pays to `recipient`.
    /// @param mayOwe Whether the proceeds of a sale that the pool has too little cash for may be owed: see {claimProceeds}.
    /// @return insured USDC of the fees that went on to the insurance reserve.
    function bookTrade(
        Leg[] calldata legs,
        PackedPricing calldata terms,
        address recipient,
        bool mayOwe
    ) external returns (Quote memory, uint256 insured);
    function list(uint256[] calldata ids) external;
    function delist(uint256[] calldata ids) external;
    function settle(uint256 expiry, uint256 price) external;
    /// @notice Pays the pay-off of `quantity` (WAD) of a settled series, rounded down, out of what is owed. A market that was replaced
    /// may pay what was owed then.
    function payHolder(uint256 id, uint256 quantity, address recipient) external returns (uint256 assets);

    // The desk
    /// @notice Sends free cash to `to` for a hedge. From here on the vault asks the desk for the hedge, until it is told.
    function payForHedge(address to, uint256 assets) external;
    /// @notice Counts USDC that the desk, or its lender for it, has sent just before. The vault asks for the hedge from here on.
    function creditHedge(uint256 assets) external;
    /// @notice Tells what the hedge is after an action, so that a trade need not ask.
    /// @param inventory Units of underlying, WAD. @param isAll Whether there is nothing else: no loan.
    function noteHedge(uint256 inventory, bool isAll) external;
}
