// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {DeskRules} from "./base/DeskRules.sol";
import {DeskTrading} from "./base/DeskTrading.sol";
import {IHedgeDesk} from "./interfaces/IHedgeDesk.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {ISwapVenue} from "./interfaces/ISwapVenue.sol";
import {DeskLimits} from "./libraries/DeskLimits.sol";
import {HedgeAccount} from "./libraries/HedgeAccount.sol";
import {USDC_UNIT} from "./libraries/Units.sol";

/// @title Who may hedge when, and how much
/// @dev The doors. How a trade is made and booked is in DeskTrading, what governance decides in DeskRules.
contract HedgeDesk is DeskTrading, ReentrancyGuardTransient {
    using DeskLimits for DeskLimits.State;
    using HedgeAccount for HedgeAccount.State;
    using SafeCast for *;

    constructor(
        address authority,
        IOptionVault vault_,
        IERC20 base_,
        OrderRules memory initial,
        Budgets memory budgets_
    ) DeskRules(authority, initial, budgets_) DeskTrading(vault_, base_) {}

    // Keepers

    /// @inheritdoc IHedgeDesk
    function rebalance(Order calldata order) external nonReentrant restricted returns (uint256 cash) {
        IOptionVault.Balance memory b = vault.balance();
        uint256 limit = _keepersLimit(b.spot, order.amount > 0);
        int256 filled;
        (filled, cash) = _rebalance(order, Lane.Keeper, limit, b, b.netDelta);
        // Inside with this block's trades, which may be gone before it is over, and without them.
        int256 after_ = b.netDelta + filled;
        uint256 furthest = Math.max(SignedMath.abs(after_), SignedMath.abs(after_ - b.traded));
        if (furthest <= _band(b.nav, b.spot)) account_.insideAt = uint40(block.timestamp);
    }

    // Anyone

    /// @inheritdoc IHedgeDesk
    function rebalancePublic(Order calldata asked) external nonReentrant returns (uint256 cash) {
        Order memory order = asked;
        IOptionVault.Balance memory b = vault.balance();
        (int256 net, int256 filled, uint256 limit) = (0, 0, 0);
        (net, order.amount, order.cashLimit, limit) = limits_.admit(order, b, vault, account_.insideAt);
        (filled, cash) = _rebalance(order, Lane.Public, limit, b, net);
        limits_.undone(net, filled, b, account_.insideAt);
    }

    /// @inheritdoc IHedgeDesk
    function poke() external nonReentrant {
        limits_.poke(vault, account_.insideAt, _health() < _healthWad(lending().minHealth));
    }

    /// @inheritdoc IHedgeDesk
    function unwind(uint256 maxAmount, Route calldata route) external nonReentrant returns (uint256 cash) {
        uint256 open = vault.openContracts();
        if (open != 0) revert BookOpen(open);
        IOptionVault.Balance memory b = vault.balance();
        int256 net = b.base;
        bool buys = net < 0;
        Force memory f = Force(_laneOf(msg.sender), buys ? Cause.Short : Cause.Long, msg.sender);
        if (f.lane != Lane.Keeper) _seenOf(f.cause, true);
        (uint256 limit, uint256 most, ) = limits_.forced(f, account_.insideAt, vault, b.spot, buys);
        uint256 amount = Math.min(Math.min(maxAmount, SignedMath.abs(net)), most);
        (, cash) = _rebalance(_orderOf(amount, buys, route), f.lane, limit, b, net);
    }

    /// @inheritdoc IHedgeDesk
    function raiseCash(Route calldata route) external nonReentrant returns (uint256 raised) {
        _requireTradable(route.venue, route.deadline);
        uint256 needed = vault.shortfall();
        if (needed == 0) revert NoShortfall();
        HedgeAccount.Action memory a = _beginNow();
        raised = _releaseCollateral(a, needed, _keptHealth(lending()));
        _finish(a);
        if (raised == needed || (account_.inventory == 0 && a.debt == 0)) return raised;

        Force memory f = Force(_laneOf(msg.sender), Cause.Shortfall, msg.sender);
        uint256 most = needed - raised;
        if (f.lane != Lane.Keeper) most = Math.min(most, _seenOf(f.cause, raised == 0));
        if (most > 0) raised += _raise(f, most, raised == 0, route);
    }

    /// @notice One forced trade, by itself: one that fails takes nothing with it that was done before. The desk's own calls alone.
    /// @param needed USDC, but for {restoreHealth}, which buys back what brings health to its target.
    function force(
        Source source,
        Force calldata f,
        uint256 needed,
        Route calldata route
    ) external returns (uint256 raised) {
        if (msg.sender != address(this)) revert OnlyDesk(msg.sender);
        HedgeAccount.Action memory a = _beginNow();
        if (source == Source.Inventory) raised = _sellFor(a, needed, f, route);
        else if (source == Source.Short) raised = _coverFor(a, needed, f, route);
        else raised = _buyBack(a, _excessDebt(a, lending()), f, route);
        _finish(a);
    }

    /// @inheritdoc IHedgeDesk
    function restoreHealth(Route calldata route) external nonReentrant {
        _requireTradable(route.venue, route.deadline);
        Lending memory conf = lending();
        uint256 health = _health();
        uint256 floor = _healthWad(conf.minHealth);
        if (health >= floor) revert HealthyEnough(health, floor);
        HedgeAccount.Action memory a = _beginNow();
        _cover(a);
        _topUp(a, conf);
        _finish(a);
        if (a.debt == 0 || conf.lender.health() >= floor) return;
        Force memory f = Force(_laneOf(msg.sender), Cause.Health, msg.sender);
        (, bytes memory reason) = _try(Source.Debt, f, 0, route);
        if (reason.length > 0 && conf.lender.health() <= health) _bubble(reason);
    }

    /// @inheritdoc IHedgeDesk
    function syncLoan() external nonReentrant {
        HedgeAccount.Action memory a = _beginNow();
        if (account_.hasLoan) _cover(a);
        _finish(a);
    }

    // Views

    /// @inheritdoc IHedgeDesk
    function netDelta() external view returns (int256) {
        return DeskLimits.netDelta(vault);
    }

    /// @inheritdoc IHedgeDesk
    function seenOutside() external view returns (uint256 longSince, uint256 shortSince) {
        return (limits_.seen[Cause.Long].first, limits_.seen[Cause.Short].first);
    }

    /// @inheritdoc IHedgeDesk
    function opening(
        Cause cause
    ) external view returns (uint256 size, uint256 slippageBps, uint256 since, uint256 opensAt) {
        return _allowed(cause);
    }

    /// @inheritdoc IHedgeDesk
    function budgetLeft(Lane lane) external view returns (uint256 turnover, uint256 loss) {
        return limits_.budgetLeft(lane, vault);
    }

    // Inside

    function _rebalance(
        Order memory order,
        Lane lane,
        uint256 priceLimit,
        IOptionVault.Balance memory b,
        int256 net
    ) private returns (int256 filled, uint256 cash) {
        _requireTradable(order.venue, order.deadline);
        DeskLimits.requireTowardsNeutral(order.amount, net);
        HedgeAccount.Action memory a = _begin(b.spot, b.base, b.quote);
        order.amount = _withCrumbs(order.amount, a.debt, net);

        uint256 loss;
        (filled, cash, loss) = _trade(a, order, priceLimit);
        uint256 notional = SignedMath.abs(HedgeAccount.worth(filled, b.spot));
        uint256 bounty = lane == Lane.Public ? limits_.drawBounty(notional, vault.freeCash()) : 0;
        limits_.charge(lane, notional, loss + bounty * USDC_UNIT, b);
        emit Rebalanced(msg.sender, order.venue, filled, cash, b.spot, net, net + filled);
        // Before the vault is told what the hedge is: after any payment it asks.
        if (bounty > 0) {
            emit BountyPaid(msg.sender, bounty);
            vault.payForHedge(msg.sender, bounty);
        }
        _finish(a);
    }

    function _requireTradable(ISwapVenue venue, uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        if (!isVenue[venue]) revert VenueNotAllowed(venue);
    }

    /// @dev See DeskLimits.allowed.
    function _allowed(Cause cause) private view returns (uint256, uint256, uint256, uint256) {
        return limits_.allowed(cause, account_.insideAt);
    }

    // What is forced

    /// @dev What of a cause has been seen for long enough. Keepers go first: there has to be something if it `isNeeded`.
    function _seenOf(Cause cause, bool isNeeded) private view returns (uint256 size) {
        uint256 opensAt;
        (size, , , opensAt) = _allowed(cause);
        if (size == 0 && isNeeded) revert KeepersFirst(opensAt);
    }

    /// @dev Keepers are those who may rebalance.
    function _laneOf(address caller) private view returns (Lane) {
        (bool isKeeper, ) = IAccessManager(authority()).canCall(caller, address(this), this.rebalance.selector);
        return isKeeper ? Lane.Keeper : Lane.Forced;
    }

    /// @dev Sells inventory, and buys back a part of the short hedge: each tried by itself. @param isAll Whether this call has raised
    /// nothing else: then it reverts if this raises nothing either.
    function _raise(Force memory f, uint256 needed, bool isAll, Route calldata route) private returns (uint256 raised) {
        bytes memory reason;
        if (account_.inventory > 0) (raised, reason) = _try(Source.Inventory, f, needed, route);
        if (raised < needed && account_.hasLoan) {
            (uint256 more, bytes memory why) = _try(Source.Short, f, needed - raised, route);
            (raised, reason) = (raised + more, why);
        }
        if (raised == 0 && isAll && reason.length > 0) _bubble(reason);
        limits_.raised(raised);
    }

    function _try(
        Source source,
        Force memory f,
        uint256 needed,
        Route calldata route
    ) private returns (uint256, bytes memory) {
        try this.force(source, f, needed, route) returns (uint256 raised) {
            return (raised, "");
        } catch (bytes memory reason) {
            return (0, reason);
        }
    }

    function _health() private view returns (uint256) {
        return account_.hasLoan ? lending().lender.health() : type(uint256).max;
    }

    function _bubble(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
