// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IHedgePosition} from "../interfaces/IHedgePosition.sol";
import {ILender} from "../interfaces/ILender.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {DeskLimits} from "../libraries/DeskLimits.sol";
import {HedgeAccount} from "../libraries/HedgeAccount.sol";
import {BPS, USDC_UNIT, WAD} from "../libraries/Units.sol";
import {DeskRules} from "./DeskRules.sol";

/// @title How the desk trades, borrows and repays, and what it writes down
/// @dev An action begins with what the hedge is, trades, and finishes by counting again. In between, whoever reads
/// {position} sees no less and no more than there is: money under way counts as quote, and underlying that is being sold
/// counts as inventory until it is sold. USDC goes straight from the vault to where it is needed.
abstract contract DeskTrading is DeskRules {
    using DeskLimits for DeskLimits.State;
    using HedgeAccount for HedgeAccount.State;
    using SafeCast for *;
    using SafeERC20 for IERC20;

    /// @dev How low health may fall inside an action that pays for buying back with the loan's own collateral.
    uint256 private constant TRANSIT_HEALTH_BPS = 10_500;
    /// @dev USDC: a forced trade is worth at least this much, since pools round dust away.
    uint256 private constant SMALLEST_FORCED = 1e6;
    /// @dev USDC: an order worth less than SMALLEST_FORCED may fill this much worse, as pools round against it.
    uint256 private constant ROUNDING = 5;
    /// @dev USDC: less is not supplied, as lenders refuse what they round to nothing.
    uint256 private constant LEAST_SUPPLY = 100;
    /// @dev A purchase that would leave less than this share of the debt buys all of it: interest of a few hours.
    uint256 private constant CRUMB = 1_000;
    /// @dev WAD: how far a purchase that closes a loan may pass zero. A book's delta is rounded by so much.
    uint256 private constant DELTA_DUST = 1e9;

    IOptionVault public immutable vault;
    IERC20 public immutable usdc;
    IERC20 public immutable base;

    HedgeAccount.State internal account_;
    HedgeAccount.Loan private loan_;
    /// @dev USDC on its way to a venue or lender in this transaction.
    uint256 private transient inFlight;

    constructor(IOptionVault vault_, IERC20 base_) {
        vault = vault_;
        usdc = IERC20(vault_.asset());
        base = base_;
    }

    /// @inheritdoc IHedgePosition
    function position() public view returns (int256 base_, int256 quote) {
        HedgeAccount.State memory s = account_;
        base_ = int256(uint256(s.inventory));
        quote = int256(inFlight * USDC_UNIT);
        if (!s.hasLoan) return (base_, quote);
        (uint256 debt, uint256 collateral) = lending().lender.balances();
        base_ -= int256(debt);
        quote += int256(collateral * USDC_UNIT);
    }

    function holdings() external view returns (uint256 inventory, uint256 debt, uint256 collateral, int256 cost) {
        HedgeAccount.State memory s = account_;
        (inventory, cost) = (s.inventory, s.cost);
        if (s.hasLoan) (debt, collateral) = lending().lender.balances();
    }

    // An action's frame

    /// @dev `base_` and `quote` are the position as of this second.
    function _begin(uint256 spot, int256 base_, int256 quote) internal returns (HedgeAccount.Action memory a) {
        a.spot = spot;
        HedgeAccount.State memory s = account_;
        if (!s.hasLoan) return a;
        (a.debt, a.collateral) = (loan_.debt, loan_.collateral);
        account_.observe(a, uint256(int256(uint256(s.inventory)) - base_), uint256(quote) / USDC_UNIT);
    }

    function _beginNow() internal returns (HedgeAccount.Action memory) {
        (uint256 spot, ) = vault.oracle().spot();
        (int256 base_, int256 quote) = position();
        return _begin(spot, base_, quote);
    }

    function _finish(HedgeAccount.Action memory a) internal {
        if (account_.hasLoan) {
            (uint256 debt, uint256 collateral) = lending().lender.balances();
            account_.observe(a, debt, collateral); // Aave rounds
            // What was written of a loan that is closed stays: the slot is cheaper to use again, and nobody reads it.
            if (debt == 0 && collateral == 0) account_.hasLoan = false;
            else loan_ = HedgeAccount.Loan(debt.toUint128(), collateral.toUint128());
            emit Loaned(debt, collateral);
        }
        (int256 unrealised, int256 equity) = account_.valuation(a);
        emit Accounted(a.funded, a.realised, a.slippage, a.interest, unrealised, equity);
        vault.noteHedge(account_.inventory, !account_.hasLoan);
    }

    // Trading

    /// @dev Trades as much of the order as its limits allow. The loss is counted at the worse for the vault of the oracle's price
    /// and the DEX average: a feed that is behind the market would hide what a fill at its price costs.
    /// @param priceLimit The most to pay, or the least to get, for a unit of underlying, WAD.
    /// @return filled WAD, signed. @return cash USDC. @return loss WAD USDC.
    function _trade(
        HedgeAccount.Action memory a,
        Order memory order,
        uint256 priceLimit
    ) internal returns (int256 filled, uint256 cash, uint256 loss) {
        (filled, cash, loss) = order.amount > 0 ? _buy(a, order, priceLimit) : _sell(a, order, priceLimit);
        loss = Math.max(loss, DeskLimits.lossAtAverage(vault, filled, cash, a.spot));
    }

    /// @dev How far from the oracle's price a keeper may trade, WAD.
    function _keepersLimit(uint256 spot, bool buys) internal view returns (uint256) {
        return DeskLimits.worse(spot, buys, _maxSlippageBps());
    }

    /// @dev Pays with the vault's free cash, and if there is too little with collateral of the loan that it reduces; if that
    /// is too little as well, buys less. What it bought repays debt first.
    function _buy(
        HedgeAccount.Action memory a,
        Order memory order,
        uint256 priceLimit
    ) private returns (int256, uint256 spent, uint256 loss) {
        uint256 amount = uint256(order.amount);
        uint256 limit = (amount * priceLimit) / (WAD * USDC_UNIT);
        if (limit < SMALLEST_FORCED) limit += ROUNDING;
        limit = Math.min(limit, order.cashLimit);
        (uint256 funds, uint256 fromLoan) = _fund(a, address(order.venue), limit);
        if (funds < limit) amount = (amount * funds) / limit;
        if (amount == 0 || funds == 0) revert NoFunds();

        uint256 usdcBefore = usdc.balanceOf(address(this));
        uint256 baseBefore = base.balanceOf(address(this));
        order.venue.buy(amount, funds, order.route);
        uint256 bought = base.balanceOf(address(this)) - baseBefore;
        uint256 left = usdc.balanceOf(address(this)) - usdcBefore;
        if (bought > amount) revert FilledTooMuch(amount, bought);
        spent = funds - left;
        limit = (funds * bought) / amount;
        if (spent > limit || bought == 0) revert SlippageExceeded(spent, limit);

        loss = account_.trade(a, bought.toInt256(), spent);
        account_.inventory += bought.toUint96();
        inFlight = 0;
        _giveBack(a, left, fromLoan);
        if (account_.hasLoan) _cover(a);
        return (bought.toInt256(), spent, loss);
    }

    /// @dev Sells the inventory first, and borrows what is missing. If nobody lends that, the inventory alone is sold.
    function _sell(
        HedgeAccount.Action memory a,
        Order memory order,
        uint256 priceLimit
    ) private returns (int256, uint256 received, uint256 loss) {
        uint256 amount = uint256(-order.amount);
        uint256 held = Math.min(amount, account_.inventory);
        uint256 asked = amount;
        if (held < amount) amount = held + _borrow(a, amount - held, address(order.venue));
        if (amount == 0) revert LenderClosed();
        if (held > 0) base.safeTransfer(address(order.venue), held);
        uint256 least = Math.ceilDiv(amount * priceLimit, WAD * USDC_UNIT);
        if (least < SMALLEST_FORCED) least = Math.saturatingSub(least, ROUNDING);
        least = Math.max(least, Math.mulDiv(order.cashLimit, amount, asked, Math.Rounding.Ceil));

        uint256 usdcBefore = usdc.balanceOf(address(this));
        uint256 baseBefore = base.balanceOf(address(this));
        order.venue.sell(amount, least, order.route);
        uint256 sold = amount - (base.balanceOf(address(this)) - baseBefore);
        received = usdc.balanceOf(address(this)) - usdcBefore;
        least = Math.ceilDiv(least * sold, amount);
        if (received < least || sold == 0) revert SlippageExceeded(received, least);

        int256 filled = -sold.toInt256();
        loss = account_.trade(a, filled, received);
        account_.inventory -= sold.toUint96();
        _return(a, received);
        return (filled, received, loss);
    }

    /// @dev What the order would leave of a debt that it all but repays is bought as well, as far as net delta allows.
    function _withCrumbs(int256 amount, uint256 debt, int256 net) internal pure returns (int256) {
        if (amount <= 0 || debt <= uint256(amount) || debt > uint256(-net) + DELTA_DUST) return amount;
        return debt - uint256(amount) <= debt / CRUMB ? int256(debt) : amount;
    }

    /// @dev Buys `amount` to repay debt with.
    function _buyBack(
        HedgeAccount.Action memory a,
        uint256 amount,
        Force memory f,
        Route calldata route
    ) internal returns (uint256) {
        return _force(a, Math.min(amount, a.debt), true, f, route);
    }

    /// @dev Sells inventory for at least `needed` USDC, or all of it.
    function _sellFor(
        HedgeAccount.Action memory a,
        uint256 needed,
        Force memory f,
        Route calldata route
    ) internal returns (uint256) {
        uint256 worst = a.spot * (BPS - _maxSlippageBps());
        needed = Math.max(needed, SMALLEST_FORCED);
        uint256 amount = Math.mulDiv(needed, BPS * WAD * USDC_UNIT, worst, Math.Rounding.Ceil);
        return _force(a, Math.min(amount, account_.inventory), false, f, route);
    }

    /// @dev Trades as much of `amount` as the lane's loss budget covers, whatever the fill.
    function _force(
        HedgeAccount.Action memory a,
        uint256 amount,
        bool buys,
        Force memory f,
        Route calldata route
    ) private returns (uint256) {
        (uint256 priceLimit, uint256 most, int256 nav) = limits_.forced(f, account_.insideAt, vault, a.spot, buys);
        if (most == 0) revert LossExceeded(1, 0);
        Order memory order = _orderOf(Math.min(amount, most), buys, route);
        (int256 filled, uint256 cash, uint256 loss) = _trade(a, order, priceLimit);
        limits_.chargeForced(f.lane, loss, nav);
        emit Unwound(f.caller, route.venue, filled, cash, a.spot);
        return cash;
    }

    function _orderOf(uint256 amount, bool buys, Route calldata route) internal pure returns (Order memory) {
        (int256 signed, uint256 limit) = buys ? (amount.toInt256(), type(uint256).max) : (-amount.toInt256(), 0);
        return Order(signed, limit, route.venue, route.route, route.deadline);
    }

    // Borrowing

    /// @return borrowed All of `amount`, or nothing.
    function _borrow(HedgeAccount.Action memory a, uint256 amount, address to) private returns (uint256 borrowed) {
        Lending memory conf = lending();
        if (address(conf.lender) == address(0)) revert NoLender(amount + account_.inventory, account_.inventory);
        ILender.LoanTerms memory t = conf.lender.terms();
        if (!t.canBorrow) return 0;
        uint256 needed = _collateralFor(a.debt + amount, a.spot, conf.targetHealth, t.thresholdBps);
        uint256 more = needed > a.collateral ? Math.max(needed - a.collateral, LEAST_SUPPLY) : 0;

        account_.hasLoan = true;
        borrowed = _lend(a, conf.lender, more, amount, to);
        if (borrowed == 0) {
            _releaseCollateral(a, more, conf.targetHealth);
            return 0;
        }
        account_.inventory += borrowed.toUint96();
        uint256 health = conf.lender.health();
        if (health < _healthWad(conf.minHealth)) revert HealthTooLow(health, _healthWad(conf.minHealth));
    }

    /// @dev Adds collateral out of the vault, and borrows. What the lender does not take goes back to the vault.
    function _lend(
        HedgeAccount.Action memory a,
        ILender lender,
        uint256 more,
        uint256 amount,
        address to
    ) private returns (uint256 borrowed) {
        if (more > 0) {
            inFlight = more;
            vault.payForHedge(address(lender), more);
            a.funded += (more * USDC_UNIT).toInt256();
        }
        uint256 supplied;
        (supplied, borrowed) = lender.borrow(more, amount, to);
        inFlight = 0;
        a.debt += borrowed;
        a.collateral += supplied;
        _return(a, more - supplied);
    }

    /// @dev Repays debt with inventory, and pays the collateral that the target does not need back to the vault. While the
    /// lender takes no payment the inventory stays, and hedges as well.
    function _cover(HedgeAccount.Action memory a) internal {
        Lending memory conf = lending();
        ILender.LoanTerms memory t = conf.lender.terms();
        uint256 payable_ = t.canRepay ? Math.min(account_.inventory, a.debt) : 0;
        uint256 spare = _spare(a, a.debt - payable_, conf.targetHealth, t);
        if (payable_ == 0 && spare == 0) return;
        if (payable_ > 0) base.safeTransfer(address(conf.lender), payable_);
        (uint256 repaid, uint256 released) = conf.lender.repay(payable_, spare, address(vault));
        account_.inventory -= repaid.toUint96();
        a.debt -= repaid;
        a.collateral -= released;
        _book(a, released);
        // What the lender would not take holds up nothing that can go without it.
        if (repaid == 0 && payable_ > 0) _releaseCollateral(a, spare, conf.targetHealth);
    }

    /// @dev Pays up to `wanted` USDC of collateral to the vault, as far as health stays at `healthBps`.
    function _releaseCollateral(
        HedgeAccount.Action memory a,
        uint256 wanted,
        uint256 healthBps
    ) internal returns (uint256 freed) {
        if (!account_.hasLoan) return 0;
        ILender lender = lending().lender;
        freed = Math.min(wanted, _spare(a, a.debt, healthBps, lender.terms()));
        if (freed == 0) return 0;
        (, freed) = lender.repay(0, freed, address(vault));
        a.collateral -= freed;
        _book(a, freed);
    }

    /// @dev Buys back as much as frees `needed` USDC of collateral at the health that is kept, and frees it.
    function _coverFor(
        HedgeAccount.Action memory a,
        uint256 needed,
        Force memory f,
        Route calldata route
    ) internal returns (uint256 freed) {
        Lending memory conf = lending();
        uint256 threshold = conf.lender.terms().thresholdBps;
        uint256 kept = _keptHealth(conf);
        uint256 locked = _collateralFor(a.debt, a.spot, kept, threshold);
        // A dollar bought back unlocks health/threshold of a dollar and costs one, and the slippage.
        uint256 missing = needed + locked - Math.min(a.collateral, locked);
        uint256 cost = threshold * (BPS + _maxSlippageBps());
        uint256 dollars = Math.mulDiv(missing, threshold * BPS, kept * BPS - cost, Math.Rounding.Ceil);
        dollars = Math.max(dollars, SMALLEST_FORCED);
        int256 fundedBefore = a.funded;
        _buyBack(a, Math.mulDiv(dollars, WAD * USDC_UNIT, a.spot, Math.Rounding.Ceil), f, route);
        freed = a.funded < fundedBefore ? uint256(fundedBefore - a.funded) / USDC_UNIT : 0;
        if (freed < needed) freed += _releaseCollateral(a, needed - freed, kept);
    }

    /// @dev What a release leaves: half-way between the floor, under which strangers may buy back, and the target. Collateral
    /// that goes to holders never puts the loan within a price tick of somebody's forced trade.
    function _keptHealth(Lending memory conf) internal pure returns (uint256) {
        return (uint256(conf.minHealth) + conf.targetHealth) / 2;
    }

    /// @dev Adds the vault's free cash to the collateral, up to the target.
    function _topUp(HedgeAccount.Action memory a, Lending memory conf) internal {
        ILender.LoanTerms memory t = conf.lender.terms();
        uint256 needed = _collateralFor(a.debt, a.spot, conf.targetHealth, t.thresholdBps);
        if (!t.canSupply || needed <= a.collateral) return;
        uint256 more = Math.min(needed - a.collateral, vault.freeCash());
        if (more >= LEAST_SUPPLY) _lend(a, conf.lender, more, 0, address(0));
    }

    /// @dev How much to buy back with the collateral's own dollars until health is at its target: with collateral C, debt D,
    /// threshold L and target t, (C − x)·L = t·(D − x).
    function _excessDebt(HedgeAccount.Action memory a, Lending memory conf) internal view returns (uint256) {
        uint256 threshold = conf.lender.terms().thresholdBps;
        uint256 weighed = a.collateral * threshold;
        uint256 aimed = _dollars(a.debt, a.spot) * conf.targetHealth;
        if (aimed <= weighed) return 0;
        return
            Math.mulDiv(
                (aimed - weighed) / (conf.targetHealth - threshold),
                WAD * USDC_UNIT,
                a.spot,
                Math.Rounding.Ceil
            );
    }

    // Money

    /// @dev Sends up to `amount` USDC to `to`. @return funds What was sent. @return fromLoan What of it was collateral.
    function _fund(
        HedgeAccount.Action memory a,
        address to,
        uint256 amount
    ) private returns (uint256 funds, uint256 fromLoan) {
        uint256 fromVault = Math.min(amount, vault.freeCash());
        inFlight = amount;
        if (fromVault > 0) vault.payForHedge(to, fromVault);
        a.funded += (fromVault * USDC_UNIT).toInt256();
        if (fromVault < amount && account_.hasLoan) {
            ILender lender = lending().lender;
            ILender.LoanTerms memory t = lender.terms();
            // Where the debt cannot be repaid with what is bought, the collateral stays as it would be kept for good.
            uint256 health = t.canRepay ? TRANSIT_HEALTH_BPS : _keptHealth(lending());
            fromLoan = Math.min(amount - fromVault, _spare(a, a.debt, health, t));
            if (fromLoan > 0) (, fromLoan) = lender.repay(0, fromLoan, to);
            a.collateral -= fromLoan;
        }
        funds = fromVault + fromLoan;
        inFlight = funds;
    }

    /// @dev What a purchase did not need: collateral becomes collateral again, the rest goes to the vault.
    function _giveBack(HedgeAccount.Action memory a, uint256 left, uint256 fromLoan) private {
        uint256 again = Math.min(left, fromLoan);
        if (again >= LEAST_SUPPLY) {
            ILender lender = lending().lender;
            if (lender.terms().canSupply) {
                usdc.safeTransfer(address(lender), again);
                (again, ) = lender.borrow(again, 0, address(0));
                a.collateral += again;
                left -= again;
            }
        }
        _return(a, left);
    }

    function _return(HedgeAccount.Action memory a, uint256 assets) private {
        if (assets == 0) return;
        usdc.safeTransfer(address(vault), assets);
        _book(a, assets);
    }

    /// @dev Tells the vault of USDC that it has been sent.
    function _book(HedgeAccount.Action memory a, uint256 assets) private {
        if (assets == 0) return;
        vault.creditHedge(assets);
        a.funded -= (assets * USDC_UNIT).toInt256();
    }

    // Health

    /// @dev Collateral beyond what `debt` needs at `healthBps`, as far as the lender can pay it out now.
    function _spare(
        HedgeAccount.Action memory a,
        uint256 debt,
        uint256 healthBps,
        ILender.LoanTerms memory t
    ) private pure returns (uint256) {
        uint256 needed = _collateralFor(debt, a.spot, healthBps, t.thresholdBps);
        return needed >= a.collateral ? 0 : Math.min(a.collateral - needed, t.withdrawable);
    }

    /// @dev USDC, rounded up.
    function _collateralFor(
        uint256 debt,
        uint256 spot,
        uint256 healthBps,
        uint256 thresholdBps
    ) private pure returns (uint256) {
        if (debt == 0) return 0;
        if (thresholdBps == 0) return type(uint128).max; // counts for nothing: no amount is enough
        return Math.mulDiv(_dollars(debt, spot), healthBps, thresholdBps, Math.Rounding.Ceil);
    }

    /// @dev Worth of `amount` in USDC, rounded up.
    function _dollars(uint256 amount, uint256 spot) private pure returns (uint256) {
        return Math.mulDiv(amount, spot, WAD * USDC_UNIT, Math.Rounding.Ceil);
    }

    function _healthWad(uint256 bps) internal pure returns (uint256) {
        return (bps * WAD) / BPS;
    }

    /// @inheritdoc DeskRules
    function _requireNoLoan() internal view override {
        if (account_.hasLoan) revert LenderInUse(loan_.debt, loan_.collateral);
    }
}
