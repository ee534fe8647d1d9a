// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title Gaussian
/// @notice The normal density φ and Mills' ratio M(x) = Φ(−x)/φ(x), from which Φ follows: Φ(−x) = φ(x)·M(x).
/// @dev M falls smoothly from √(π/2) towards 1/x: a rational function catches it, where Φ itself would need an
/// exponential for every argument. See FixedPoint for the Qn notation, continued fractions and origin of coefficients.
library Gaussian {
    /// @dev Between these σ√T, as a number of 1e36, `pair` is fast: 7e-8, so that squares of r fit, and 3.
    uint256 private constant MIN_DEVIATION = 7e28;
    uint256 private constant MAX_DEVIATION = 3e36;

    /// @dev 1/1e36 in Q191: takes σ√T as a number of 1e36 to h = σ√T/2 in Q64.
    uint256 private constant DEVIATION_TO_H = 0xaa242499697392d2de;

    /// @dev `MAX_DEVIATION`/2 in Q64, rounded as `pair` does.
    uint256 private constant MAX_H = (MAX_DEVIATION * DEVIATION_TO_H) >> 128;

    /// @notice What Black-Scholes needs of the normal distribution. With h = σ√T/2, where `deviation` is σ√T as a number
    /// of 1e36, and r = |numerator|/deviation in Q64, for |numerator| up to 128e36·2⁶⁴:
    /// @return density φ(r − h) in Q80
    /// @return inner M(|r − h|) in Q64, negated where r < h
    /// @return outer M(r + h) in Q64
    /// @dev Total. φ is good to 5e-18·max(1, x²) of itself; M(x)·φ(x) and M(y)·φ(x) to 4e-15, with x = |r − h| and
    /// y = r + h. M is written out twice, and all is in one function, since a call costs 40 gas and M itself 150.
    // solhint-disable-next-line function-max-lines
    function pair(
        int256 numerator,
        uint256 deviation
    ) internal pure returns (uint256 density, int256 inner, uint256 outer) {
        unchecked {
            if (deviation - MIN_DEVIATION > MAX_DEVIATION - MIN_DEVIATION) return _pairAnywhere(numerator, deviation);
        }
        assembly ("memory-safe") {
            let sign := sar(255, numerator)
            let r := div(sub(xor(numerator, sign), sign), deviation)
            let h := shr(128, mul(deviation, DEVIATION_TO_H))
            let y := add(r, h)
            let x := sub(r, h)
            sign := sar(255, x) // all ones where r < h
            x := sub(xor(x, sign), sign)

            // φ(x) = 2^−(e + ½) with e = x²/(2·ln 2) + log2(√(2π)) − ½: the factor 1/√(2π) costs one addition.
            // With n = ⌊e⌋ that is 2^−(n + 1)·2^g for g = n + ½ − e, and 2^g is as in `FixedPoint`.
            let e := add(shr(134, mul(mul(x, x), 0xb8aa3b295c17f0bc)), 0x34d90e6931bbeeb) // Q58
            let g := sub(0x200000000000000, and(e, 0x3ffffffffffffff)) // Q58
            let u := mul(g, g) // Q116
            let s := div(
                0x2246e9c85e22d0555eb429fb585434fd74b4ccfa3899fb0e96b003eae58000,
                add(u, 0x5f5d756b58e759b6aa78ef98a7bacd9)
            ) // Q232 over Q116
            s := sub(
                0xad35be3c95334a0d,
                div(
                    0x1b21e223d26727ac13881617bbb216dc219067a2cf74255e,
                    sub(add(u, 0x30b6f2d26a8097a42a450e98b33f888b), s)
                )
            ) // Q174 over Q116
            density := shr(shr(58, e), div(shl(79, add(s, g)), sub(s, g)))

            // M(x): seven steps of a continued fraction. The innermost two are one quotient, whose denominator has no
            // zero; every other denominator is positive too, for any x ≥ 0.
            inner := sdiv(
                mul(sub(x, 0x1ce79416ea1906841), 0x1a79a01f3afd399bdef6bd00b96a64388),
                add(mul(add(x, 0x3b525390f467b85ce), x), 0x16abcf29a2431c40b5b35fd8746ba7c3b3)
            )
            inner := div(0x67cf26d7736e123bee726bbca7d6a9c0f3, add(add(x, 0xbb0f1d1d36d7cd883), inner))
            inner := div(0x11c50f9164fc58e3dc8b9e658148440a38, add(sub(x, 0x554050e5249648816), inner))
            inner := div(0x6127cf830960005eb75ffcdd79338ef0b, sub(add(x, 0x8f5037f00315ec5ff), inner))
            inner := div(0xfd36601e580ba8ef566e6e72eb3c9985, add(sub(x, 0x3e6c48fa2833192a), inner))
            inner := div(0x100004f514eb8873f26096eb6d773abcd, add(add(x, 0x153135c474e911), inner))
            inner := sub(xor(inner, sign), sign)

            // M(y)
            outer := sdiv(
                mul(sub(y, 0x1ce79416ea1906841), 0x1a79a01f3afd399bdef6bd00b96a64388),
                add(mul(add(y, 0x3b525390f467b85ce), y), 0x16abcf29a2431c40b5b35fd8746ba7c3b3)
            )
            outer := div(0x67cf26d7736e123bee726bbca7d6a9c0f3, add(add(y, 0xbb0f1d1d36d7cd883), outer))
            outer := div(0x11c50f9164fc58e3dc8b9e658148440a38, add(sub(y, 0x554050e5249648816), outer))
            outer := div(0x6127cf830960005eb75ffcdd79338ef0b, sub(add(y, 0x8f5037f00315ec5ff), outer))
            outer := div(0xfd36601e580ba8ef566e6e72eb3c9985, add(sub(y, 0x3e6c48fa2833192a), outer))
            outer := div(0x100004f514eb8873f26096eb6d773abcd, add(add(y, 0x153135c474e911), outer))
        }
    }

    /// @dev `pair` for any σ√T: r and h are cut off where nothing changes any more, and M comes from where it is good.
    function _pairAnywhere(
        int256 numerator,
        uint256 deviation
    ) private pure returns (uint256 density, int256 inner, uint256 outer) {
        unchecked {
            if (deviation == 0) {
                // Without time or vol nothing out of the money has value or delta.
                if (numerator != 0) return (0, 0, 0);
                // At the money delta is ½: the 8 makes it exact after rounding, also for forward = strike ± 1.
                (density, ) = _at(0);
                outer = (1 << 143) / density + 8;
                return (density, int256(outer), outer);
            }
            if (deviation > 40e36) deviation = 40e36;
            uint256 r = uint256(numerator < 0 ? -numerator : numerator) / deviation;
            if (r > 64 << 64) r = 64 << 64;
            uint256 h = (deviation * DEVIATION_TO_H) >> 128;
            (density, outer) = _at(r < h ? h - r : r - h);
            inner = r < h ? -int256(outer) : int256(outer);
            (, outer) = _at(r + h);
        }
    }

    /// @dev φ(x) in Q80 and M(x) in Q64, good to 1.1e-14, for x in Q64 below 128.
    function _at(uint256 x) private pure returns (uint256 density, uint256 mills) {
        unchecked {
            // `pair` with r − h = x
            int256 inner;
            (density, inner, ) = pair(int256((x + MAX_H) * MAX_DEVIATION), MAX_DEVIATION);
            mills = x > 3 << 64 ? _millsTail(x) : uint256(inner);
        }
    }

    /// @dev M(x) in Q64, good to 1.1e-14, for x in Q64 from 3 to 128: x·M(x) is a continued fraction in w = x².
    function _millsTail(uint256 x) private pure returns (uint256 m) {
        assembly ("memory-safe") {
            let w := shr(64, mul(x, x)) // Q64
            m := div(0xb5290e02855461a14169461bc772a9ecd, add(w, 0x3a577d35bade559f5))
            m := div(0x2039854aa8c079795e6d321ac95285ae73, sub(add(w, 0xa0772dd5aa396d316), m))
            m := div(0x13daeaeb079be3193c24f0a259b8075011, sub(add(w, 0xaac8e15b5695179aa), m))
            m := div(0x5fff8cfe45b920c1e80777f219e3cc0fe, sub(add(w, 0x6ff7a6c0090db7c9e), m))
            m := div(0xfffffffa2d6957f90ff392e5b8dd0803, sub(add(w, 0x2fffff6a53339d2f0), m))
            m := div(shl(64, sub(0xfffffffffee76d54, m)), x)
        }
    }

    /// @notice Φ(x), WAD in and out. Error at most 5e-15; exactly ½ at 0, and Φ(x) + Φ(−x) = 1.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x == 0) return 0.5e18;
            if (x < -12e18) return 0;
            if (x > 12e18) return 1e18;
            (uint256 density, uint256 mills) = _at((uint256(x < 0 ? -x : x) << 64) / 1e18);
            uint256 tail = (density * mills * 1e18) >> 144;
            return x < 0 ? tail : 1e18 - tail;
        }
    }

    /// @notice φ(x), WAD in and out, rounded down.
    function pdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x < -12e18 || x > 12e18) return 0;
            (uint256 density, ) = _at((uint256(x < 0 ? -x : x) << 64) / 1e18);
            return (density * 1e18) >> 80;
        }
    }
}
