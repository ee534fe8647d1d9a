// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IHedgePosition} from "./IHedgePosition.sol";
import {ILender} from "./ILender.sol";
import {ISwapVenue} from "./ISwapVenue.sol";

/// @title Keeps the vault delta-neutral, with real swaps that only ever reduce its exposure
/// @notice The chain knows the vault's net delta; whoever calls merely chooses when, how much and through which pools. A
/// swap is accepted only if it makes |net delta| smaller without passing zero, near enough the oracle price, within
/// budgets that refill, on an allow-listed venue, with the proceeds to this desk. A long hedge is inventory. A short hedge
/// is inventory sold that was borrowed from a lender against USDC.
/// Keepers and everyone else have budgets of their own ("lanes"), so that neither can use up the other's.
interface IHedgeDesk is IHedgePosition {
    /// @notice A request to buy or sell the underlying.
    /// @param amount WAD units: positive buys, negative sells. @param cashLimit USDC for all of `amount`: the most to spend
    /// or the least to receive, pro rata if less is filled. The oracle bound holds besides.
    /// @param venue An allow-listed adapter. @param route Venue-specific. @param deadline Unix seconds.
    struct Order {
        int256 amount;
        uint256 cashLimit;
        ISwapVenue venue;
        bytes route;
        uint256 deadline;
    }

    /// @notice Where to trade when the desk itself works out how much.
    struct Route {
        ISwapVenue venue;
        bytes route;
        uint256 deadline;
    }

    /// @notice What an order must keep to. Shares in basis points, times in seconds, amounts in USDC (6 decimals).
    /// @param maxSlippageBps How far from the oracle a keeper's swap may fill, fees included: 1 … 500. @param publicSlippageBps
    /// The same for anyone's hedge: 1 … maxSlippageBps.
    /// @param bandBps Value of the net delta, as a share of NAV, beyond which anyone may hedge: 1 … 5,000.
    /// @param gracePeriod How long it must have stayed there: 5 minutes … 1 day.
    /// @param bountyBps Of what anyone's hedge traded, to its caller: 0 … 20. @param bountyCap Most of it in one
    /// `bountyInterval` (1 hour … 30 days): 0 … 10,000 USDC; it refills evenly.
    /// @param minBudgetNav Budgets and band never shrink below those of a vault with this NAV: one that lost everything
    /// must still be able to hedge.
    struct OrderRules {
        uint16 maxSlippageBps;
        uint16 publicSlippageBps;
        uint16 bandBps;
        uint32 gracePeriod;
        uint16 bountyBps;
        uint64 bountyCap;
        uint32 bountyInterval;
        uint64 minBudgetNav;
    }

    /// @notice What may be traded, and lost against the oracle, in any 24 hours, all lanes together: WAD shares of NAV.
    /// @param turnover 0.01 … 1,000. @param loss 0.0001 … 0.05.
    struct Budgets {
        uint128 turnover;
        uint128 loss;
    }

    /// @notice The short hedge. Health factors in basis points of 1.
    /// @param lender Where to borrow; zero for nowhere. @param minHealth Below it anyone may restore health: 11,000 … 30,000.
    /// @param targetHealth What a new or restored loan starts from: at least 1,000 above `minHealth`, at most 50,000.
    struct Lending {
        ILender lender;
        uint32 minHealth;
        uint32 targetHealth;
    }

    /// @notice Whose budget a trade is charged to: a keeper's, anyone's hedge, or what anyone forces, which no turnover binds.
    /// The two that are open to anyone lose far less than keepers may: a tenth of `Budgets.loss` in any 24 hours together.
    enum Lane {
        Keeper,
        Public,
        Forced
    }

    /// @notice What opens a door to anyone: a net delta too long or too short, holders owed more than there is, low health.
    enum Cause {
        Long,
        Short,
        Shortfall,
        Health
    }

    /// @notice What a forced trade turns into cash or less debt: inventory that is sold, the short hedge whose collateral goes
    /// free as it is bought back, or debt that is bought back for the sake of health.
    enum Source {
        Inventory,
        Short,
        Debt
    }

    /// @notice A trade that the desk itself has to make, and for whom.
    struct Force {
        Lane lane;
        Cause cause;
        address caller;
    }

    /// @notice What has been seen of a cause. @param size The least of it in all sightings that count: WAD of underlying, for a
    /// shortfall USDC. @param first When it was first seen, and @param last when a sighting last counted, unix seconds: they
    /// count a grace period apart. @param count How many did.
    struct Sighting {
        uint96 size;
        uint40 first;
        uint40 last;
        uint16 count;
    }

    /// @param amount What was filled, WAD; less than ordered where the market was thin. @param cash USDC.
    event Rebalanced(
        address indexed caller,
        ISwapVenue indexed venue,
        int256 amount,
        uint256 cash,
        uint256 spot,
        int256 netDeltaBefore,
        int256 netDeltaAfter
    );
    /// @notice What an action did to the hedge's accounts, all WAD USDC at the oracle price. At any time
    /// `equity = Σ funded + Σ realised + Σ interest − Σ slippage + unrealised`.
    /// @param funded From the vault, less returned to it. @param realised Gain on what was closed. @param slippage What
    /// swaps cost against the oracle, fees included; negative when they were better. @param interest Earned less owed since
    /// the last action, and whatever else befell the loan. @param unrealised Gain on what is open. @param equity Worth of all.
    event Accounted(int256 funded, int256 realised, int256 slippage, int256 interest, int256 unrealised, int256 equity);
    /// @notice A trade that was forced: the book is empty, holders are owed more than there is, or health is too low.
    event Unwound(address indexed caller, ISwapVenue indexed venue, int256 amount, uint256 cash, uint256 spot);
    event Loaned(uint256 debt, uint256 collateral);
    event OutsideBand(int256 netDelta, uint256 band);
    event BountyPaid(address indexed caller, uint256 assets);
    event VenueSet(ISwapVenue indexed venue, bool allowed);
    event RulesSet(OrderRules rules);
    event BudgetsSet(Budgets budgets);
    event LendingSet(Lending lending);

    error DeadlinePassed(uint256 deadline, uint256 time);
    error VenueNotAllowed(ISwapVenue venue);
    error ZeroAmount();
    /// @notice The order does not reduce the net delta, or passes zero. At most `-netDelta` may be ordered.
    error NotTowardsNeutral(int256 amount, int256 netDelta);
    /// @notice The swap filled for `cash` where the oracle and the order allow `limit`.
    error SlippageExceeded(uint256 cash, uint256 limit);
    /// @notice The venue delivered more than was ordered.
    error FilledTooMuch(uint256 asked, uint256 filled);
    /// @notice Order less, or wait: the budget refills. Both WAD shares of NAV.
    error TurnoverExceeded(uint256 share, uint256 available);
    error LossExceeded(uint256 share, uint256 available);
    /// @notice More is to be sold than the inventory, and there is no lender.
    error NoLender(uint256 asked, uint256 inventory);
    /// @notice The lender takes no new loans now: frozen, paused, or its collateral counts for nothing.
    error LenderClosed();
    error HealthTooLow(uint256 health, uint256 minHealth);
    /// @notice There is nothing to restore: health is at or above the floor.
    error HealthyEnough(uint256 health, uint256 minHealth);
    /// @notice Nothing can be moved: the vault has no free cash and the loan can spare none.
    error NoFunds();
    /// @notice Anyone may hedge only after the net delta has been seen outside the band, `gracePeriod` has passed, and it is
    /// outside still. `since` is zero if it was not seen there, or too long ago.
    error NotYetOpen(int256 netDelta, uint256 band, uint256 since, uint256 opensAt);
    error NoShortfall();
    /// @notice Keepers go first. Anyone may trade for this from `opensAt`, a grace period after a {poke} that saw it; zero: none
    /// has yet.
    error KeepersFirst(uint256 opensAt);
    /// @notice Only the desk calls itself here.
    error OnlyDesk(address caller);
    /// @notice Options are open: the hedge is needed.
    error BookOpen(uint256 openContracts);
    error LenderInUse(uint256 debt, uint256 collateral);
    error InvalidRules(string what);

    // Hedging

    /// @notice Trades towards neutral. Role: KEEPER. @return cash USDC spent or received.
    function rebalance(Order calldata order) external returns (uint256 cash);

    /// @notice The same for anyone, once the net delta has stayed outside the band for the grace period; for a bounty. Undoes at
    /// most what was outside then and is now, trades of this block not counted; an order for more is cut. Fills no further
    /// from the worse end of the oracle's range than 10 bp for each sighting, at most `publicSlippageBps`.
    function rebalancePublic(Order calldata order) external returns (uint256 cash);

    /// @notice Remembers that the net delta is outside the band, that holders are owed more than there is, or that health is
    /// below its floor, if so. Anyone. Seeing none of it resets nothing: what was seen lapses four grace periods after it was
    /// seen last, or when a keeper brings the net delta inside.
    function poke() external;

    /// @notice Closes up to `maxAmount` (WAD) of a hedge whose book has no open contract.
    /// Anyone, within 10 bp of the worse end of the oracle's range, and 10 bp more for each sighting.
    function unwind(uint256 maxAmount, Route calldata route) external returns (uint256 cash);

    /// @notice Frees just enough cash for holders who are owed more than the vault has: first collateral to spare, then
    /// inventory, then a part of the short hedge, each by itself. Anyone; but keepers go first: others trade a grace period
    /// after a {poke} saw the shortfall, within 10 bp a sighting, at most `maxSlippageBps`, and as much as the forced lane may
    /// lose.
    function raiseCash(Route calldata route) external returns (uint256 raised);

    /// @notice Brings a loan below the health floor back to its target: with the inventory, then with the vault's free cash, then by
    /// buying back a part. Anyone, at once; what has to be bought is bound as in {raiseCash}.
    function restoreHealth(Route calldata route) external;

    /// @notice Repays debt with inventory and returns collateral that is not needed. Anyone.
    function syncLoan() external;

    // Views

    /// @notice Book delta plus hedge at the live oracle price, WAD.
    function netDelta() external view returns (int256);

    /// @notice What a lane may still trade and lose now, WAD shares of NAV.
    function budgetLeft(Lane lane) external view returns (uint256 turnover, uint256 loss);

    /// @notice What the next bounty can be at most, USDC.
    function bountyLeft() external view returns (uint256);

    /// @notice Underlying held, and owed to the lender with interest, WAD; collateral there, USDC; the inventory's and the
    /// debt's cost at the oracle prices of their trades, WAD USDC.
    function holdings() external view returns (uint256 inventory, uint256 debt, uint256 collateral, int256 cost);

    /// @notice When the net delta was first seen too long and too short, unix seconds; zero for never.
    function seenOutside() external view returns (uint256 longSince, uint256 shortSince);

    /// @notice What anyone may do about a cause now.
    /// @return size How much: WAD of underlying, for a shortfall USDC; zero while it has to wait.
    /// @return slippageBps How far it may fill from the worse end of the oracle's range.
    /// @return since When what holds was first seen, unix seconds, zero for never.
    /// @return opensAt When the wait is over.
    function opening(
        Cause cause
    ) external view returns (uint256 size, uint256 slippageBps, uint256 since, uint256 opensAt);

    function isVenue(ISwapVenue venue) external view returns (bool);
    function rules() external view returns (OrderRules memory);
    function budgets() external view returns (Budgets memory);
    function lending() external view returns (Lending memory);
}
