// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

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
import {HedgeAccount} from "./libraries/HedgeAccount.sol";
import {MarkedBook} from "./libraries/MarkedBook.sol";

/// @title Who may hedge when, and how much
/// @dev The doors. How a trade is made and booked is in DeskTrading, what governance decides in DeskRules.
contract HedgeDesk is DeskTrading, ReentrancyGuardTransient {
    using HedgeAccount for HedgeAccount.State;
    using SafeCast for *;

    /// @dev When the net delta was seen outside the band, on either side: an observation of one does not move the other.
    struct Watch {
        uint40 longSince;
        uint40 shortSince;
    }

    /// @dev An observation opens the door for this many grace periods, the first of which is the wait.
    uint256 private constant LAPSE_PERIODS = 4;

    Watch private watch_;

    constructor(
        address authority,
        IOptionVault vault_,
        IERC20 base_,
        Rules memory initial,
        Budgets memory budgets_
    ) DeskRules(authority, initial, budgets_) DeskTrading(vault_, base_) {}

    // Keepers

    /// @inheritdoc IHedgeDesk
    function rebalance(Order calldata order) external nonReentrant restricted returns (uint256 cash) {
        IOptionVault.Balance memory b = vault.syncMark();
        (, cash) = _rebalance(order, Lane.Keeper, _maxSlippageBps(), b, b.netDelta, 0);
    }

    // Anyone

    /// @inheritdoc IHedgeDesk
    function rebalanceOpen(Order calldata order) external nonReentrant returns (uint256 cash) {
        IOptionVault.Balance memory b = vault.syncMark();
        int256 net = b.netDelta;
        uint256 band = _band(b.nav, b.spot);
        Rules memory r = rules();
        _requireOpen(net, band, r.gracePeriod);

        int256 filled;
        (filled, cash) = _rebalance(order, Lane.Open, r.openSlippageBps, b, net, r.bountyBps);
        if (SignedMath.abs(net + filled) > band) _remember(net > 0, block.timestamp - r.gracePeriod);
    }

    /// @inheritdoc IHedgeDesk
    function poke() external nonReentrant {
        IOptionVault.Balance memory b = vault.syncMark();
        int256 net = b.netDelta;
        uint256 band = _band(b.nav, b.spot);
        if (SignedMath.abs(net) <= band) return;
        uint256 since = _since(net > 0);
        if (since != 0 && block.timestamp <= since + LAPSE_PERIODS * rules().gracePeriod) return;
        _remember(net > 0, block.timestamp);
        emit OutsideBand(net, band);
    }

    /// @inheritdoc IHedgeDesk
    function unwind(uint256 maxAmount, Route calldata route) external nonReentrant returns (uint256 cash) {
        uint256 open = vault.openContracts();
        if (open != 0) revert BookOpen(open);
        IOptionVault.Balance memory b = vault.syncMark();
        uint256 amount = Math.min(maxAmount, SignedMath.abs(b.base));
        Order memory order = Order({
            amount: b.base > 0 ? -amount.toInt256() : amount.toInt256(),
            cashLimit: b.base > 0 ? 0 : type(uint256).max,
            venue: route.venue,
            route: route.route,
            deadline: route.deadline
        });
        (, cash) = _rebalance(order, Lane.Open, rules().openSlippageBps, b, b.base, 0);
    }

    /// @inheritdoc IHedgeDesk
    function raiseCash(Route calldata route) external nonReentrant returns (uint256 raised) {
        _requireTradable(route.venue, route.deadline);
        uint256 needed = vault.shortfall();
        if (needed == 0) revert NoShortfall();
        HedgeAccount.Action memory a = _beginNow();
        raised = _releaseCollateral(a, needed, lending().minHealth);
        if (raised < needed && account_.inventory > 0) raised += _sellFor(a, needed - raised, route);
        if (raised < needed && a.debt > 0) raised += _coverFor(a, needed - raised, route);
        _finish(a);
    }

    /// @inheritdoc IHedgeDesk
    function restoreHealth(Route calldata route) external nonReentrant {
        _requireTradable(route.venue, route.deadline);
        Lending memory conf = lending();
        uint256 health = account_.hasLoan ? conf.lender.health() : type(uint256).max;
        uint256 floor = _healthWad(conf.minHealth);
        if (health >= floor) revert HealthyEnough(health, floor);
        HedgeAccount.Action memory a = _beginNow();
        _cover(a);
        _topUp(a, conf);
        if (a.debt > 0 && conf.lender.health() < floor) _buyBack(a, _excessDebt(a, conf), route);
        _finish(a);
    }

    /// @inheritdoc IHedgeDesk
    function tidy() external nonReentrant {
        HedgeAccount.Action memory a = _beginNow();
        if (account_.hasLoan) _cover(a);
        _finish(a);
    }

    // Views

    /// @inheritdoc IHedgeDesk
    function netDelta() external view returns (int256) {
        IOptionVault.Exposure memory e = vault.exposure();
        return MarkedBook.deltaAt(e.mark, e.spot) + e.base;
    }

    /// @inheritdoc IHedgeDesk
    function seenOutside() external view returns (uint256 longSince, uint256 shortSince) {
        return (watch_.longSince, watch_.shortSince);
    }

    // Inside

    function _rebalance(
        Order memory order,
        Lane lane,
        uint256 slippageBps,
        IOptionVault.Balance memory b,
        int256 net,
        uint256 bountyBps
    ) private returns (int256 filled, uint256 cash) {
        _requireTradable(order.venue, order.deadline);
        _requireTowardsNeutral(order.amount, net);
        HedgeAccount.Action memory a = _begin(b.spot, b.base, b.quote);

        uint256 loss;
        (filled, cash, loss) = _trade(a, order, slippageBps);
        uint256 notional = SignedMath.abs(HedgeAccount.worth(filled, b.spot));
        uint256 bounty = bountyBps > 0 ? _drawBounty(notional, vault.freeCash()) : 0;
        _charge(lane, notional, loss + bounty * USDC_UNIT, b.nav);
        emit Rebalanced(msg.sender, order.venue, filled, cash, b.spot, net, net + filled);
        // Before the vault is told what the hedge is: after any payment it asks.
        if (bounty > 0) {
            emit BountyPaid(msg.sender, bounty);
            vault.payForHedge(msg.sender, bounty);
        }
        _finish(a);
    }

    /// @dev Opposite in sign to the net delta and no larger: |net delta| shrinks and never passes zero.
    function _requireTowardsNeutral(int256 amount, int256 net) private pure {
        if (amount == 0) revert ZeroAmount();
        bool reduces = amount > 0 ? amount <= -net : amount >= -net;
        if (!reduces) revert NotTowardsNeutral(amount, net);
    }

    function _requireTradable(ISwapVenue venue, uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        if (!isVenue[venue]) revert VenueNotAllowed(venue);
    }

    function _requireOpen(int256 net, uint256 band, uint256 grace) private view {
        uint256 since = _since(net > 0);
        bool isOpen =
            since != 0 && block.timestamp >= since + grace && block.timestamp <= since + LAPSE_PERIODS * grace;
        if (!isOpen || SignedMath.abs(net) <= band) revert NotYetOpen(net, band, since, since + grace);
    }

    function _since(bool isLong) private view returns (uint256) {
        return isLong ? watch_.longSince : watch_.shortSince;
    }

    function _remember(bool isLong, uint256 time) private {
        if (isLong) watch_.longSince = uint40(time);
        else watch_.shortSince = uint40(time);
    }
}
