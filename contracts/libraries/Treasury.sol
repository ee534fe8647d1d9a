// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IHedgePosition} from "../interfaces/IHedgePosition.sol";
import {VaultLimits} from "../interfaces/Types.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {BPS, USDC_UNIT} from "./Units.sol";

/// @title A pool's own accounts of USDC, its insurance reserve, where its hedge is, and the state of its open epoch
/// @notice Owns their storage and the verbs on it. USDC amounts have 6 decimals.
library Treasury {
    using SafeCast for uint256;

    /// @dev One slot. The reserve and what is queued or set aside for LPs are not in `cash`.
    struct Accounts {
        uint96 cash;
        uint80 owed;
        uint80 insurance;
    }

    /// @dev One slot, all that a trade has to know of its epoch: who may trade, whether nothing new may be opened at all, the
    /// NAV under which nothing may, and the vega capacity that prices are measured by (both in cents).
    struct TradingState {
        address market;
        bool paused;
        uint40 floor;
        uint48 vegaCapacity;
    }

    /// @notice One slot. @param since When a market took over from another; what expired before that was sold by others.
    /// @param owed What it may still pay, USDC, to holders of what it sold before it was replaced.
    struct Tenure {
        uint40 since;
        uint96 owed;
    }

    /// @dev One slot. `peak` of NAV per share (12 decimals), from which the gate's floor is measured.
    struct Epoch {
        uint24 id;
        uint32 endsAt;
        uint64 peak;
    }

    struct State {
        Accounts accounts;
        TradingState gate;
        Epoch epoch;
        IHedgePosition hedge;
    }

    error InsufficientCash(uint256 needed, uint256 available);

    uint256 internal constant SHARE_VALUE_UNIT = 1e12;
    /// @dev A thousandth of a unit of the underlying, or of a dollar.
    int256 private constant HEDGE_DUST = 1e15;
    /// @dev Units of USDC per cent.
    uint256 private constant CENT = 1e4;

    /// @notice Enters a trade that brings `cashIn` (negative: takes), of which `fees` are fees, in place. It may not take more
    /// than is free: the rest is owed, if that will do.
    /// @param cashIn,fees Below 2²³⁹ in size: what comes of them is checked where it is stored.
    /// @return insured What of the fees went on to the reserve.
    /// @return unpaid What of a sale's proceeds is owed.
    function enterTrade(
        Accounts memory a,
        TradingState storage gate,
        int256 cashIn,
        uint256 fees,
        VaultLimits storage limits,
        bool mayOwe
    ) internal view returns (uint256 insured, uint256 unpaid) {
        unchecked {
            int256 cash = int256(uint256(a.cash)) + cashIn;
            int256 free = cash - int256(uint256(a.owed));
            if (cashIn < 0 && free < 0) {
                uint256 available = Math.saturatingSub(a.cash, a.owed);
                if (!mayOwe) revert InsufficientCash(uint256(-cashIn), available);
                unpaid = uint256(-cashIn) - available;
                a.owed = (a.owed + unpaid).toUint80();
                cash += int256(unpaid);
            }
            // Of NAV as it was when the epoch began, of which the vega capacity is a share too.
            uint256 target = (uint256(gate.vegaCapacity) * CENT * limits.insuranceTargetBps) / limits.vegaCapacityBps;
            if (free > 0 && target > a.insurance) {
                insured = Math.min((fees * limits.insuranceShareBps) / BPS, target - a.insurance);
                insured = Math.min(insured, uint256(free));
                a.insurance = (a.insurance + insured).toUint80();
            }
            a.cash = uint256(cash - int256(insured)).toUint96();
        }
    }

    /// @notice Writes accounts in one go. @dev Fields lie in a slot from its lowest bit in the order of the struct.
    function save(Accounts storage self, Accounts memory a) internal {
        uint256 word = a.cash | (uint256(a.owed) << 96) | (uint256(a.insurance) << 176);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }

    /// @notice The position of the hedge, see IHedgePosition. @param inventory As the mark knows it.
    function hedgeOf(State storage self, uint88 inventory) internal view returns (int256 base, int256 quote) {
        if (inventory == MarkedBook.UNKNOWN) return self.hedge.position();
        return (int256(uint256(inventory)), 0);
    }

    /// @notice Cash less what is owed, WAD USDC.
    function netCash(Accounts memory a) internal pure returns (int256) {
        unchecked {
            return (int256(uint256(a.cash)) - int256(uint256(a.owed))) * int256(USDC_UNIT);
        }
    }

    /// @notice See TradingState: WAD USDC per 1.00 of vol.
    function vegaCapacity(State storage self) internal view returns (uint256) {
        unchecked {
            return self.gate.vegaCapacity * CENT * USDC_UNIT;
        }
    }

    /// @notice NAV when the epoch began, WAD USDC. @param vegaCapacityBps Share of it that is the epoch's vega capacity.
    function epochNav(State storage self, uint256 vegaCapacityBps) internal view returns (uint256) {
        return (vegaCapacity(self) * BPS) / vegaCapacityBps;
    }

    /// @notice NAV below which nothing new is opened, WAD USDC.
    function floor(State storage self) internal view returns (int256) {
        unchecked {
            return int256(self.gate.floor * CENT * USDC_UNIT);
        }
    }

    /// @notice Takes a payout out of cash and `released` off what is owed. What the pool cannot pay, the reserve does: once the
    /// hedge has been turned into cash, and never before. @return insured What came out of the reserve.
    function pay(State storage self, uint256 assets, uint256 released) internal returns (uint256 insured) {
        Accounts memory a = self.accounts;
        insured = Math.saturatingSub(assets, a.cash);
        if (insured > 0) {
            if (insured > a.insurance || !_isSpent(self.hedge)) revert InsufficientCash(assets, a.cash);
            a.insurance -= uint80(insured);
            a.cash += uint96(insured);
        }
        a.cash -= uint96(assets);
        a.owed -= uint80(released);
        self.accounts = a;
    }

    /// @notice Takes `assets` out of the cash that is not owed.
    function take(State storage self, uint256 assets) internal {
        uint256 free = freeCash(self);
        if (assets > free) revert InsufficientCash(assets, free);
        self.accounts.cash -= uint96(assets);
    }

    function put(State storage self, uint256 assets) internal {
        self.accounts.cash += assets.toUint96();
    }

    function freeCash(State storage self) internal view returns (uint256) {
        return Math.saturatingSub(self.accounts.cash, self.accounts.owed);
    }

    /// @notice NAV per share with 12 decimals. Saturates. @param supply Of shares, virtual ones included.
    function shareValue(int256 nav, uint256 supply) internal pure returns (uint256) {
        if (nav <= 0) return 0;
        return Math.min(Math.mulDiv(uint256(nav) + USDC_UNIT, SHARE_VALUE_UNIT, supply), type(uint64).max);
    }

    /// @notice Opens the next epoch. The peak follows NAV per share up at once, and down by half of the distance an epoch.
    /// @param vegaCapacityBps Share of NAV that is the epoch's vega capacity.
    /// @param maxDrawdownBps How far below the peak nothing new may be opened.
    function beginEpoch(
        State storage self,
        int256 nav,
        uint256 supply,
        uint256 length,
        uint256 vegaCapacityBps,
        uint256 maxDrawdownBps
    ) internal {
        Epoch memory e = self.epoch;
        uint256 value = shareValue(nav, supply);
        e.peak = uint64(value >= e.peak ? value : (value + e.peak) / 2);
        e.id += 1;
        e.endsAt = (block.timestamp + length).toUint32();
        self.epoch = e;

        uint256 capacity = nav <= 0 ? 0 : Math.mulDiv(uint256(nav), vegaCapacityBps, BPS * USDC_UNIT * CENT);
        uint256 atPeak = Math.ceilDiv(supply * e.peak, SHARE_VALUE_UNIT * USDC_UNIT);
        uint256 least = Math.ceilDiv(atPeak * (BPS - maxDrawdownBps), BPS * CENT);
        self.gate.vegaCapacity = uint48(Math.min(capacity, type(uint48).max));
        self.gate.floor = uint40(Math.min(least, type(uint40).max));
    }

    /// @dev Whether the hedge has nothing left that holders could be paid with. Dust, which no pool takes, does not count.
    function _isSpent(IHedgePosition hedge) private view returns (bool) {
        (int256 base, int256 quote) = hedge.position();
        return base < HEDGE_DUST && quote < HEDGE_DUST;
    }
}
