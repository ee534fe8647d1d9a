// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IHedgeDesk} from "../interfaces/IHedgeDesk.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle, MAX_LEAD_BPS} from "../interfaces/IPriceOracle.sol";
import {TradedFlow} from "../interfaces/Types.sol";
import {HedgeAccount} from "./HedgeAccount.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {BPS, USDC_UNIT, WAD} from "./Units.sol";

/// @title What the desk's doors hold to: rules, budgets by lane, and what has been seen
/// @notice Budgets count in shares of NAV, so that nothing has to be set anew when NAV changes. A keepers' bucket holds a
/// quarter of the day's budget and refills as much a day: whenever 24 hours begin, they see at most half. What anyone's trades
/// may lose is far less, see PUBLIC_BUCKETS_PER_DAY. What traders have added to the net delta, and paid for its hedge, is
/// given back to keepers: nobody's trades use up what they may hedge.
/// @dev Deployed by itself and linked: with it inside, the desk would be larger than contracts may be.
library DeskLimits {
    using RateLimiter for RateLimiter.RefillingBucket;
    using SafeCast for uint256;

    /// @dev `givenTurnover`, `givenLoss`: of what traders have added and paid, see TradedDelta, what has been given back.
    struct State {
        IHedgeDesk.OrderRules rules;
        IHedgeDesk.Budgets budgets;
        RateLimiter.RefillingBucket turnover;
        RateLimiter.RefillingBucket losses;
        RateLimiter.RefillingBucket publicLosses;
        RateLimiter.RefillingBucket bounties;
        uint40 givenTurnover;
        uint32 givenLoss;
        mapping(IHedgeDesk.Cause cause => IHedgeDesk.Sighting) seen;
    }

    uint48 private constant BUDGET_WINDOW = 1 days;
    uint128 private constant BUCKETS_PER_DAY = 4;
    /// @dev Of each of the two lanes that are open to anyone: in any 24 hours they lose a tenth of the day's budget together.
    uint128 private constant PUBLIC_BUCKETS_PER_DAY = 40;
    bytes32 private constant BOUNTY = bytes32(0);

    /// @dev What was seen holds for this many grace periods, the first of which is the wait.
    uint256 private constant LAPSE_PERIODS = 4;
    /// @dev How far from the worse end of the oracle's range anyone's trade may fill after one sighting, and how much further
    /// after each of the next. Less than what it costs to buy and sell back options of that delta, so that whoever turns the
    /// net delta for a moment to have it seen pays more for every sighting than it can be worth.
    uint256 private constant STEP_BPS = 10;

    // Rules

    /// @notice Replaces the rules, within bounds.
    function setRules(State storage self, IHedgeDesk.OrderRules calldata next) external {
        _require(next.maxSlippageBps > 0 && next.maxSlippageBps <= 500, "maxSlippageBps");
        _require(next.publicSlippageBps > 0 && next.publicSlippageBps <= next.maxSlippageBps, "publicSlippageBps");
        _require(next.bandBps > 0 && next.bandBps <= BPS / 2, "bandBps");
        _require(next.gracePeriod >= 5 minutes && next.gracePeriod <= 1 days, "gracePeriod");
        _require(next.bountyBps <= 20, "bountyBps");
        _require(next.bountyCap <= 10_000e6, "bountyCap");
        _require(next.bountyInterval >= 1 hours && next.bountyInterval <= 30 days, "bountyInterval");
        _require(next.minBudgetNav > 0 && next.minBudgetNav <= 1_000_000_000e6, "minBudgetNav");
        self.rules = next;
        self.bounties.updateSettings(next.bountyInterval, next.bountyCap);
        emit IHedgeDesk.RulesSet(next);
    }

    /// @notice Replaces the budgets, within bounds; what is used up stays so.
    function setBudgets(State storage self, IHedgeDesk.Budgets calldata next) external {
        _require(next.turnover >= 0.01e18 && next.turnover <= 1_000e18, "turnover");
        _require(next.loss >= 0.0001e18 && next.loss <= 0.05e18, "loss");
        self.budgets = next;
        self.turnover.updateSettings(BUDGET_WINDOW, next.turnover / BUCKETS_PER_DAY);
        self.losses.updateSettings(BUDGET_WINDOW, next.loss / BUCKETS_PER_DAY);
        self.publicLosses.updateSettings(BUDGET_WINDOW, next.loss / PUBLIC_BUCKETS_PER_DAY);
        emit IHedgeDesk.BudgetsSet(next);
    }

    /// @notice Refuses health factors out of bounds.
    function requireLending(IHedgeDesk.Lending calldata next) external pure {
        _require(next.minHealth >= 11_000 && next.minHealth <= 30_000, "minHealth");
        _require(next.targetHealth >= next.minHealth + 1_000 && next.targetHealth <= 50_000, "targetHealth");
    }

    // Budgets

    /// @notice Charges a fill to a lane. `notional` and `loss` are WAD USDC; shares round up. @param b As of this second.
    function charge(
        State storage self,
        IHedgeDesk.Lane lane,
        uint256 notional,
        uint256 loss,
        IOptionVault.Balance calldata b
    ) external {
        uint256 whole = budgetNav(self, b.nav);
        (uint256 traded, uint256 lost) = (Math.ceilDiv(notional * WAD, whole), Math.ceilDiv(loss * WAD, whole));
        if (lane == IHedgeDesk.Lane.Keeper) _giveBack(self, b.inAll, whole);
        (uint256 turnover, uint256 left) = _left(self, lane);
        if (traded > turnover) revert IHedgeDesk.TurnoverExceeded(traded, turnover);
        if (lost > left) revert IHedgeDesk.LossExceeded(lost, left);
        self.turnover.consume(_key(lane), traded);
        _losses(self, lane).consume(_key(lane), lost);
    }

    /// @notice Charges a forced trade, which {forced} has bounded, and which turnover does not bind.
    function chargeForced(State storage self, IHedgeDesk.Lane lane, uint256 loss, int256 nav) external {
        (, uint256 left) = _left(self, lane);
        uint256 lost = Math.ceilDiv(loss * WAD, budgetNav(self, nav));
        _losses(self, lane).consume(_key(lane), Math.min(left, lost));
    }

    /// @notice See IHedgeDesk.budgetLeft.
    function budgetLeft(
        State storage self,
        IHedgeDesk.Lane lane,
        IOptionVault vault
    ) external view returns (uint256 turnover, uint256 loss) {
        (turnover, loss) = _left(self, lane);
        if (lane != IHedgeDesk.Lane.Keeper) return (turnover, loss);
        (uint256 moreTurnover, uint256 moreLoss) = _due(self, vault.traded(), budgetNav(self, navOf(vault)));
        turnover = Math.min(turnover + moreTurnover, self.turnover._capacity);
        loss = Math.min(loss + moreLoss, self.losses._capacity);
    }

    /// @notice See IHedgeDesk.bountyLeft.
    function bountyLeft(State storage self) external view returns (uint256) {
        return self.bounties.available(BOUNTY);
    }

    /// @notice The bounty for having traded `notional` (WAD USDC), at most `free`: USDC, rounded down, and no longer available.
    function drawBounty(State storage self, uint256 notional, uint256 free) external returns (uint256 assets) {
        assets = Math.mulDiv(notional, self.rules.bountyBps, BPS * USDC_UNIT);
        assets = Math.min(assets, Math.min(free, self.bounties.available(BOUNTY)));
        self.bounties.consume(BOUNTY, assets);
    }

    // Sightings

    /// @notice See IHedgeDesk.poke. @param insideAt When a keeper last left the net delta inside the band.
    /// @param isUnhealthy Whether the loan is below its floor.
    function poke(State storage self, IOptionVault vault, uint256 insideAt, bool isUnhealthy) external {
        vault.oracle().spot(); // without a price nobody could act: keepers would not have gone first
        bool noted = _see(self, IHedgeDesk.Cause.Shortfall, vault.shortfall(), insideAt);
        if (isUnhealthy) noted = _see(self, IHedgeDesk.Cause.Health, 1, insideAt) || noted;
        // What is forced needs no mark: one that cannot be made holds nothing up. The net delta is seen by the next call.
        if (!noted) _seeNetDelta(self, vault, insideAt);
    }

    /// @notice Holds anyone's order to what has been seen, cuts it to that, and says how far it may fill.
    /// @param b The vault's balance as of this second.
    /// @return net The net delta that it may undo, see {steady}.
    /// @return amount What may be ordered, and
    /// @return cashLimit its cash limit in proportion.
    /// @return priceLimit WAD for a unit.
    function admit(
        State storage self,
        IHedgeDesk.Order calldata order,
        IOptionVault.Balance calldata b,
        IOptionVault vault,
        uint256 insideAt
    ) external view returns (int256 net, int256 amount, uint256 cashLimit, uint256 priceLimit) {
        net = steady(b.netDelta, b.traded);
        uint256 width = band(self, b.nav, b.spot);
        (uint256 size, uint256 slippageBps, uint256 since, uint256 opensAt) = _allowed(self, _sideOf(net), insideAt);
        if (size == 0 || SignedMath.abs(net) <= width) revert IHedgeDesk.NotYetOpen(net, width, since, opensAt);
        requireTowardsNeutral(order.amount, net);

        bool buys = order.amount > 0;
        (amount, cashLimit) = (order.amount, order.cashLimit);
        uint256 asked = SignedMath.abs(amount);
        if (asked > size) {
            amount = buys ? size.toInt256() : -size.toInt256();
            cashLimit = Math.mulDiv(cashLimit, size, asked, buys ? Math.Rounding.Floor : Math.Rounding.Ceil);
        }
        priceLimit = _publicLimit(vault.oracle(), buys, slippageBps);
    }

    /// @notice Takes what an open order undid off what may be undone, and sees what it left of `net`.
    function undone(
        State storage self,
        int256 net,
        int256 filled,
        IOptionVault.Balance calldata b,
        uint256 insideAt
    ) external {
        IHedgeDesk.Cause side = _sideOf(net);
        _use(self, side, SignedMath.abs(filled));
        uint256 left = SignedMath.abs(net + filled);
        if (left > band(self, b.nav, b.spot)) _see(self, side, left, insideAt);
    }

    /// @notice Takes what was raised off the shortfall that may be raised on a sighting.
    function raised(State storage self, uint256 assets) external {
        _use(self, IHedgeDesk.Cause.Shortfall, assets);
    }

    /// @notice See IHedgeDesk.opening.
    function allowed(
        State storage self,
        IHedgeDesk.Cause cause,
        uint256 insideAt
    ) external view returns (uint256 size, uint256 slippageBps, uint256 since, uint256 opensAt) {
        return _allowed(self, cause, insideAt);
    }

    // Prices and delta

    /// @notice What binds a trade that the desk itself has to make, in a lane and for a cause.
    /// @return priceLimit The most to pay or the least to get for a unit, WAD.
    /// @return most Units of underlying (WAD) of which any fill is covered by what the lane may lose.
    /// @return nav WAD USDC, see {navOf}.
    function forced(
        State storage self,
        IHedgeDesk.Force calldata f,
        uint256 insideAt,
        IOptionVault vault,
        uint256 spot,
        bool buys
    ) external view returns (uint256 priceLimit, uint256 most, int256 nav) {
        nav = navOf(vault);
        (, uint256 slippageBps, , ) = _allowed(self, f.cause, insideAt);
        if (f.lane == IHedgeDesk.Lane.Keeper) {
            slippageBps = self.rules.maxSlippageBps;
            priceLimit = worse(spot, buys, slippageBps);
        } else {
            priceLimit = _publicLimit(vault.oracle(), buys, slippageBps);
        }
        (, uint256 left) = _left(self, f.lane);
        // Losses are counted at the worse of feed and average: a keeper's limit goes by the feed alone.
        if (f.lane == IHedgeDesk.Lane.Keeper) slippageBps += MAX_LEAD_BPS;
        most = Math.mulDiv(left * BPS, budgetNav(self, nav), spot * slippageBps);
    }

    /// @notice What a fill (WAD, signed; USDC) cost more than at the DEX average, WAD USDC: a feed that is behind the market would
    /// hide what a fill at its price costs. @param spot Of the oracle.
    function lossAtAverage(
        IOptionVault vault,
        int256 filled,
        uint256 cash,
        uint256 spot
    ) external view returns (uint256) {
        return HedgeAccount.lossAt(filled, cash, vault.oracle().averageNear(spot));
    }

    /// @dev NAV, WAD USDC; zero when nobody can say. What is forced needs no mark: a book that cannot be valued has the least budgets.
    function navOf(IOptionVault vault) internal view returns (int256) {
        try vault.nav() returns (int256 nav) {
            return nav;
        } catch {
            return 0;
        }
    }

    /// @notice See IHedgeDesk.netDelta.
    function netDelta(IOptionVault vault) external view returns (int256) {
        IOptionVault.Exposure memory e = vault.exposure();
        return MarkedBook.deltaAt(e.mark, e.spot) + e.base;
    }

    // Inside the desk

    /// @dev A price worsened by `slippageBps`, rounded to the stricter side.
    function worse(uint256 price, bool buys, uint256 slippageBps) internal pure returns (uint256) {
        return buys ? (price * (BPS + slippageBps)) / BPS : Math.ceilDiv(price * (BPS - slippageBps), BPS);
    }

    /// @dev Half-width of the emergency band in units of underlying, WAD.
    function band(State storage self, int256 nav, uint256 spot) internal view returns (uint256) {
        return Math.mulDiv((budgetNav(self, nav) * self.rules.bandBps) / BPS, WAD, spot);
    }

    /// @dev NAV as budgets count it, WAD USDC.
    function budgetNav(State storage self, int256 nav) internal view returns (uint256) {
        uint256 least = uint256(self.rules.minBudgetNav) * USDC_UNIT;
        return nav > int256(least) ? uint256(nav) : least;
    }

    /// @dev The net delta that was there before this block's trades and is there still: the nearer to zero of both, zero when
    /// they lie on different sides.
    function steady(int256 net, int256 traded) internal pure returns (int256) {
        int256 before = net - traded;
        if (net > 0) return SignedMath.max(0, SignedMath.min(net, before));
        return SignedMath.min(0, SignedMath.max(net, before));
    }

    /// @dev Opposite in sign to the net delta and no larger: |net delta| shrinks and never passes zero.
    function requireTowardsNeutral(int256 amount, int256 net) internal pure {
        if (amount == 0) revert IHedgeDesk.ZeroAmount();
        bool reduces = amount > 0 ? amount <= -net : amount >= -net;
        if (!reduces) revert IHedgeDesk.NotTowardsNeutral(amount, net);
    }

    /// @dev What was there when the block began, if there is any of it on that side now: whoever takes a part of it away for
    /// a moment hides nothing, and whoever adds to it for a moment shows nothing. Without options all of the hedge counts.
    function _seeNetDelta(State storage self, IOptionVault vault, uint256 insideAt) private {
        IOptionVault.Balance memory b = vault.balance();
        bool isIdle = vault.openContracts() == 0;
        int256 net = isIdle ? b.base : b.netDelta;
        int256 before = net - b.traded;
        uint256 width = isIdle ? 0 : band(self, b.nav, b.spot);
        uint256 size = SignedMath.abs(before);
        if ((net > 0) != (before > 0) || size <= width || SignedMath.abs(net) <= width) return;
        if (_see(self, _sideOf(net), size, insideAt)) emit IHedgeDesk.OutsideBand(before, width);
    }

    /// @dev Notes that there is so much of a cause, if it counts: if nothing seen before holds, or a grace period after the
    /// last. What may be undone is the least of all that count. One more than twice as large begins anew: the wait is for
    /// what is undone.
    function _see(
        State storage self,
        IHedgeDesk.Cause cause,
        uint256 size,
        uint256 insideAt
    ) private returns (bool noted) {
        if (size == 0) return false;
        IHedgeDesk.Sighting memory s = self.seen[cause];
        uint256 grace = self.rules.gracePeriod;
        if (!_holds(s, cause, grace, insideAt) || size > 2 * uint256(s.size)) {
            s = IHedgeDesk.Sighting(size.toUint96(), uint40(block.timestamp), uint40(block.timestamp), 1);
        } else if (block.timestamp >= s.last + grace) {
            s.size = Math.min(s.size, size).toUint96();
            s.last = uint40(block.timestamp);
            s.count += 1;
        } else {
            return false;
        }
        self.seen[cause] = s;
        return true;
    }

    function _use(State storage self, IHedgeDesk.Cause cause, uint256 amount) private {
        IHedgeDesk.Sighting storage s = self.seen[cause];
        s.size = Math.saturatingSub(s.size, amount).toUint96();
    }

    function _allowed(
        State storage self,
        IHedgeDesk.Cause cause,
        uint256 insideAt
    ) private view returns (uint256 size, uint256 slippageBps, uint256 since, uint256 opensAt) {
        IHedgeDesk.OrderRules memory r = self.rules;
        IHedgeDesk.Sighting memory s = self.seen[cause];
        slippageBps = STEP_BPS;
        if (_holds(s, cause, r.gracePeriod, insideAt)) {
            (since, opensAt) = (s.first, s.first + r.gracePeriod);
            if (block.timestamp >= opensAt) (size, slippageBps) = (s.size, STEP_BPS * s.count);
        }
        bool isHedge = cause <= IHedgeDesk.Cause.Short;
        slippageBps = Math.min(slippageBps, isHedge ? r.publicSlippageBps : r.maxSlippageBps);
    }

    function _sideOf(int256 net) private pure returns (IHedgeDesk.Cause) {
        return net > 0 ? IHedgeDesk.Cause.Long : IHedgeDesk.Cause.Short;
    }

    /// @dev From the end of the oracle's range that is worse for whoever is on the other side of anyone's trade.
    function _publicLimit(IPriceOracle oracle, bool buys, uint256 slippageBps) private view returns (uint256) {
        IPriceOracle.Reading memory r = oracle.read();
        return worse(buys ? r.low : r.high, buys, slippageBps);
    }

    /// @dev Gives to keepers what traders have added to the net delta since the last time, and what they paid for its hedge.
    /// No bucket ever holds more than it can.
    function _giveBack(State storage self, TradedFlow memory traded, uint256 whole) private {
        (uint256 turnover, uint256 loss) = _due(self, traded, whole);
        if (turnover == 0) return;
        (self.givenTurnover, self.givenLoss) = (traded.turnover, traded.paid);
        _refill(self.turnover, turnover);
        _refill(self.losses, loss);
    }

    function _refill(RateLimiter.RefillingBucket storage bucket, uint256 share) private {
        bytes32 key = _key(IHedgeDesk.Lane.Keeper);
        bucket.sync(key);
        RateLimiter.RefillingBucketItem storage item = bucket._items[key];
        item._lastUsed = uint208(Math.saturatingSub(item._lastUsed, share));
    }

    /// @dev What is to be given back, shares rounded down. Counters go around the end of their type.
    function _due(State storage self, TradedFlow memory traded, uint256 whole) private view returns (uint256, uint256) {
        unchecked {
            uint256 turnover = traded.turnover - self.givenTurnover;
            uint256 loss = traded.paid - self.givenLoss;
            return ((turnover * TradedDelta.CENT * WAD) / whole, (loss * TradedDelta.CENT * WAD) / whole);
        }
    }

    function _left(State storage self, IHedgeDesk.Lane lane) private view returns (uint256 turnover, uint256 loss) {
        return (self.turnover.available(_key(lane)), _losses(self, lane).available(_key(lane)));
    }

    function _losses(
        State storage self,
        IHedgeDesk.Lane lane
    ) private view returns (RateLimiter.RefillingBucket storage) {
        return lane == IHedgeDesk.Lane.Keeper ? self.losses : self.publicLosses;
    }

    function _key(IHedgeDesk.Lane lane) private pure returns (bytes32) {
        return bytes32(uint256(lane));
    }

    /// @dev Whether there is a sighting that has not lapsed, and that no keeper has answered since.
    function _holds(
        IHedgeDesk.Sighting memory s,
        IHedgeDesk.Cause cause,
        uint256 grace,
        uint256 insideAt
    ) private view returns (bool) {
        if (s.count == 0 || block.timestamp > s.last + LAPSE_PERIODS * grace) return false;
        return cause > IHedgeDesk.Cause.Short || s.first > insideAt;
    }

    function _require(bool holds, string memory what) private pure {
        if (!holds) revert IHedgeDesk.InvalidRules(what);
    }
}
