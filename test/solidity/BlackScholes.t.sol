// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Ranges} from "./Ranges.sol";

/// @notice Properties of prices and Greeks over the whole domain: forward and strike from one unit to 2⁹⁶, time to ten
/// years, vol to 1000 %. T12 and T13 in docs/threats.md.
contract BlackScholesTest is Ranges {
    uint256 private constant MAX_AMOUNT = 1 << 96;
    uint256 private constant MAX_TIME = 3650 days;
    uint256 private constant MAX_VOL = 10e18;

    struct Option {
        uint256 forward;
        uint256 strike;
        uint256 time;
        uint256 vol;
    }

    struct Greeks {
        uint256 call;
        uint256 put;
        uint256 delta;
        uint256 vega;
    }

    /// @dev Anything the domain allows.
    function _any(uint256 f, uint256 k, uint256 t, uint256 v) private pure returns (Option memory) {
        return
            Option(
                logarithmic(f, 1, MAX_AMOUNT),
                logarithmic(k, 1, MAX_AMOUNT),
                logarithmic(t, 0, MAX_TIME),
                logarithmic(v, 0, MAX_VOL)
            );
    }

    /// @dev A strike within a factor of three of the forward, an hour to two years, 1 % to 300 %: where options trade.
    function _market(uint256 f, uint256 k, uint256 t, uint256 v) private pure returns (Option memory o) {
        o.forward = logarithmic(f, 1e18, 1e24);
        o.strike = uniform(k, o.forward / 3, o.forward * 3);
        o.time = logarithmic(t, 1 hours, 730 days);
        o.vol = uniform(v, 0.01e18, 3e18);
    }

    function _greeks(Option memory o) private pure returns (Greeks memory g) {
        (g.call, g.put, g.delta, g.vega) = BlackScholes.greeks(o.forward, o.strike, o.time, o.vol);
    }

    /// @dev What rounding may take: the noise of the terms, 2⁻⁵⁶ or 1.4e-17 of the smaller of forward and strike, and a unit.
    function _noise(Option memory o) private pure returns (uint256) {
        return ((o.forward < o.strike ? o.forward : o.strike) >> 56) + 1;
    }

    function testFuzz_T12_ParityIsExactAndPricesStayWithinBounds(
        uint256 f,
        uint256 k,
        uint256 t,
        uint256 v
    ) external pure {
        Option memory o = _any(f, k, t, v);
        Greeks memory g = _greeks(o);
        assert(int256(g.call) - int256(g.put) == int256(o.forward) - int256(o.strike));
        assert(g.call <= o.forward);
        assert(g.put <= o.strike);
        // Non-negative both, so that with parity each is at least intrinsic.
        assert(g.call < 1 << 128 && g.put < 1 << 128);
        assert(g.delta <= 1e18);
    }

    function testFuzz_NothingRevertsAndThetaIsNeverPositive(uint256 f, uint256 k, uint256 t, uint256 v) external pure {
        Option memory o = _any(f, k, t, v);
        BlackScholes.gamma(o.forward, o.strike, o.time, o.vol);
        assert(BlackScholes.theta(o.forward, o.strike, o.time, o.vol) <= 0);
    }

    function testFuzz_NoTimeOrNoVolIsIntrinsic(uint256 f, uint256 k, uint256 other, bool timeless) external pure {
        Option memory o = _any(f, k, other, other);
        timeless ? o.time = 0 : o.vol = 0;
        Greeks memory g = _greeks(o);
        assert(g.call == (o.forward > o.strike ? o.forward - o.strike : 0));
        // Closer to the money than 2⁻⁶³ counts as at the money.
        if (difference(o.forward, o.strike) <= o.forward >> 62) return;
        assert(g.delta == (o.forward > o.strike ? 1e18 : 0));
    }

    function testFuzz_T12_PricesRiseWithVol(uint256 f, uint256 k, uint256 t, uint256 v, uint256 step) external pure {
        Option memory o = _any(f, k, t, v);
        Greeks memory before = _greeks(o);
        o.vol += logarithmic(step, 0, MAX_VOL - o.vol);
        Greeks memory later = _greeks(o);
        assert(later.call + _noise(o) >= before.call);
        assert(later.put + _noise(o) >= before.put);
    }

    function testFuzz_T12_CallsRiseAndPutsFallWithTheForward(
        uint256 f,
        uint256 k,
        uint256 t,
        uint256 v,
        uint256 step
    ) external pure {
        Option memory o = _any(f, k, t, v);
        Greeks memory before = _greeks(o);
        o.forward += logarithmic(step, 0, MAX_AMOUNT - o.forward);
        Greeks memory later = _greeks(o);
        assert(later.call + _noise(o) >= before.call);
        assert(later.put <= before.put + _noise(o));
    }

    /// @dev Strictly, where options trade: a step of one basis point of vol or forward is never lost in the noise.
    function testFuzz_StepsThatMatterAreStrictlyMonotone(uint256 f, uint256 k, uint256 t, uint256 v) external pure {
        Option memory o = _market(f, k, t, v);
        Greeks memory before = _greeks(o);
        o.vol += 0.0001e18;
        assert(_greeks(o).call >= before.call);
        o.vol -= 0.0001e18;
        o.forward += o.forward / 10_000;
        Greeks memory later = _greeks(o);
        assert(later.call >= before.call);
        assert(later.put <= before.put);
    }

    /// @dev The central difference is off by S²·(third derivative)/6 and the noise over the step.
    function testFuzz_T13_DeltaIsTheFiniteDifference(uint256 f, uint256 k, uint256 t, uint256 v) external pure {
        Option memory o = _market(f, k, t, v);
        uint256 delta = _greeks(o).delta;
        uint256 deviation = (o.vol * FixedPoint.sqrtTime(o.time)) / 1e18;
        uint256 step = (o.forward * deviation) / 1e18 / 1000;
        o.forward -= step;
        uint256 down = _greeks(o).call;
        o.forward += 2 * step;
        uint256 up = _greeks(o).call;
        uint256 slope = ((up - down) * 1e18) / (2 * step);
        assert(difference(slope, delta) <= 1e12);
    }

    /// @dev Vega likewise, as a share of forward·√T.
    function testFuzz_VegaIsTheFiniteDifference(uint256 f, uint256 k, uint256 t, uint256 v) external pure {
        Option memory o = _market(f, k, t, v);
        uint256 vega = _greeks(o).vega;
        uint256 scale = (o.forward * FixedPoint.sqrtTime(o.time)) / 1e18;
        uint256 step = o.vol / 1000;
        o.vol -= step;
        uint256 down = _greeks(o).call;
        o.vol += 2 * step;
        uint256 up = _greeks(o).call;
        assert(difference(((up - down) * 1e18) / (2 * step), vega) <= scale / 100_000 + 1e9);
    }

    function testFuzz_SeriesFormsAgree(uint256 f, uint256 k, uint256 t, uint256 v) external pure {
        Option memory o = _market(f, k, t, v);
        Greeks memory g = _greeks(o);
        int256 log = Ssvi.logMoneyness(o.strike, o.forward);
        uint256 sqrtTime = FixedPoint.sqrtTime(o.time);
        (uint256 call, uint256 put, uint256 delta, uint256 vega) = BlackScholes.seriesGreeks(
            o.forward,
            o.strike,
            log,
            sqrtTime,
            o.vol
        );
        uint256 low = o.forward < o.strike ? o.forward : o.strike;
        assert(difference(call, g.call) <= (low >> 57) + 1);
        assert(difference(delta, g.delta) <= 1e5);
        assert(difference(vega, g.vega) <= (low >> 40) + 1);
        (uint256 callAlone, uint256 putAlone) = BlackScholes.seriesPrices(o.forward, o.strike, log, sqrtTime, o.vol);
        assert(callAlone == call && putAlone == put);
    }

    function testFuzz_LogarithmOfRatioTakesSidesRight(uint256 a, uint256 b) external pure {
        a = logarithmic(a, 1, MAX_AMOUNT);
        b = logarithmic(b, 1, MAX_AMOUNT);
        int256 log = FixedPoint.logRatio(a, b);
        assert(a > b ? log >= 0 : log <= 0);
        assert(FixedPoint.logRatio(b, a) == -log);
    }
}
