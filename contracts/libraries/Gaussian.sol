// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title Gaussian
/// @notice The normal density φ and Mills' ratio M(x) = Φ(−x)/φ(x), from which Φ follows: Φ(−x) = φ(x)·M(x).
/// @dev M falls smoothly from √(π/2) towards 1/x: a rational function catches it, where Φ itself would need an
/// exponential of its own for every argument. See FixedPoint for the Qn notation and for where coefficients come from.
library Gaussian {
    /// @dev σ√T between these, in 1e36, is the fast range of `pair`: 1.3e-10 to 3.
    uint256 private constant MIN_DEVIATION = 7e28;
    uint256 private constant MAX_DEVIATION = 3e36;

    /// @dev 2⁶³/1e36 in Q128: takes σ√T in 1e36 to h = σ√T/2 in Q64.
    uint256 private constant DEVIATION_TO_H = 0xaa242499697392d2de;

    /// @dev `MAX_DEVIATION`/2 in Q64, as `pair` computes it.
    uint256 private constant MAX_H = (MAX_DEVIATION * DEVIATION_TO_H) >> 128;

    /// @notice φ at |r − h| in Q80, M at |r − h| and at r + h in Q64, the former negated where r < h. For h = σ√T/2 with
    /// `deviation` σ√T as a number of 1e36, and r = |numerator|/deviation in Q64.
    /// @dev Total. φ is good to 1e-16·max(1, x) of itself. M is good to 1.9e-14 up to 3, and beyond so good that M(x)·φ(x)
    /// and M(y)·φ(x) are good to 8e-15. Everything is in this one function, and M twice, since a call costs 40 gas.
    ///
    /// φ(x) = 2^−(e + ½) with e = x²/(2·ln 2) + log2(√(2π)) − ½, so that 1/√(2π) costs one addition; then as in
    /// `FixedPoint.exp2Neg`. M is a sextic over a septic, both led by a bare power of x as M tends to 1/x: eleven
    /// multiplications and a division. The widest step, x⁷ in Q224, holds up to 16; what is larger meets a φ of zero.
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
            {
                let e := add(shr(134, mul(mul(x, x), 0xb8aa3b295c17f0bc)), 0x34d90e6931bbeeb) // Q58
                let g := sub(0x200000000000000, and(e, 0x3ffffffffffffff)) // Q58
                let u := mul(g, g) // Q116
                let s := div(
                    0x2246e9c85e22d0555eb4504c312a2cb89d604a6977d644c219c00000000000,
                    add(u, 0x5f5d756b58e759b6aa78e8986144199)
                ) // Q116
                s := div(
                    0x1b21e223d26727ac138878de97494ce8c365231d8b003ab7,
                    sub(add(u, 0x30b6f2d26a8097a42a4574c566e4478d), s)
                ) // Q58
                s := sub(0xad35be3c95334a0d, s)
                density := shr(shr(58, e), div(shl(79, add(s, g)), sub(s, g)))
            }
            // M at x
            inner := sdiv(
                mul(sub(x, 0x1cd1d88753f7e14c5), 0x1a75a6bcde354bab2035dff25ce512906),
                add(mul(add(x, 0x3b5384e281ee9d621), x), 0x16abc6c0bc855ab666798a2f7cf8f5644b)
            )
            inner := div(0x68082200c573007947cc81b7b7f45cb4af, add(add(x, 0xbb41c25b021c6e033), inner))
            inner := div(0x11bf9f308a4d48a2564ef4696792145e8a, add(sub(x, 0x557ae4fd8df0d5b40), inner))
            inner := div(0x613b84e2f6f577c3c1650f8c90bb80f18, sub(add(x, 0x8f5deaf18c5ee570a), inner))
            inner := div(0xfd357914a694dfc8b7e3344bcb6b3a02, add(sub(x, 0x3e7fb7c74a98651c), inner))
            inner := div(0x100004f6e0178651c6db1b46d6504c5ed, add(add(x, 0x1538749709e86d), inner))
            inner := sub(xor(inner, sign), sign)
            // M at y
            outer := sdiv(
                mul(sub(y, 0x1cd1d88753f7e14c5), 0x1a75a6bcde354bab2035dff25ce512906),
                add(mul(add(y, 0x3b5384e281ee9d621), y), 0x16abc6c0bc855ab666798a2f7cf8f5644b)
            )
            outer := div(0x68082200c573007947cc81b7b7f45cb4af, add(add(y, 0xbb41c25b021c6e033), outer))
            outer := div(0x11bf9f308a4d48a2564ef4696792145e8a, add(sub(y, 0x557ae4fd8df0d5b40), outer))
            outer := div(0x613b84e2f6f577c3c1650f8c90bb80f18, sub(add(y, 0x8f5deaf18c5ee570a), outer))
            outer := div(0xfd357914a694dfc8b7e3344bcb6b3a02, add(sub(y, 0x3e7fb7c74a98651c), outer))
            outer := div(0x100004f6e0178651c6db1b46d6504c5ed, add(add(y, 0x1538749709e86d), outer))
        }
    }

    /// @dev `pair` for any σ√T: r and h are cut off where nothing changes any more, and M comes from where it is good.
    function _pairAnywhere(
        int256 numerator,
        uint256 deviation
    ) private pure returns (uint256 density, int256 inner, uint256 outer) {
        unchecked {
            if (deviation == 0) {
                // Without time or vol nothing out of the money has value or delta; at the money delta is exactly ½.
                if (numerator != 0) return (0, 0, 0);
                (density, ) = _at(0);
                outer = (1 << 143) / density + 8; // exact after rounding, also where strike/forward is 1 − 2⁻⁶³
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

    /// @dev φ(x) in Q80 and M(x) in Q64, the latter to 2e-14, for x in Q64: asks `pair` for r − h = x.
    function _at(uint256 x) private pure returns (uint256 density, uint256 mills) {
        unchecked {
            int256 inner;
            (density, inner, ) = pair(int256((x + MAX_H) * MAX_DEVIATION), MAX_DEVIATION);
            mills = x > 3 << 64 ? _millsTail(x) : uint256(inner);
        }
    }

    /// @dev M(x) in Q64, to 2e-14 for x from 3 up to 2³⁹ in Q64: x·M(x) is a quintic over a quintic in u = 1/x².
    function _millsTail(uint256 x) private pure returns (uint256) {
        unchecked {
            uint256 u = (1 << 224) / (x * x); // Q96
            uint256 p = ((u * 0x464342998cb0145038bdb6fb) >> 96) + 0x1d9e02b762af4ae98c6dc5cba;
            p = ((u * p) >> 96) + 0x1a8d1b6d287002e2008d4ab70;
            p = ((u * p) >> 96) + 0x725d3b4b1939bfcf3745c676;
            p = ((u * p) >> 96) + 0xb03d9ab8f7a8fbe48a6ce5c;
            p = ((u * p) >> 96) + 0x548f4698fa0cf2908f94ac;
            uint256 q = u + 0x2f3ad587d430c1d1eab2e3c3b;
            q = ((u * q) >> 96) + 0x20874d580f830785af728f3aa;
            q = ((u * q) >> 96) + 0x7cb7f66c5025913567e9186b;
            q = ((u * q) >> 96) + 0xb5868f226950ce4803defb8;
            q = ((u * q) >> 96) + 0x548f4698fa699fb8736bb7;
            return (p << 128) / (q * x);
        }
    }

    /// @notice Φ(x), WAD in and out. Error at most 1e-14; exactly ½ at 0, and Φ(x) + Φ(−x) = 1.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x == 0) return 0.5e18;
            if (x < -12e18) return 0;
            if (x > 12e18) return 1e18;
            uint256 z = (uint256(x < 0 ? -x : x) << 64) / 1e18;
            (uint256 density, uint256 mills) = _at(z);
            uint256 tail = (density * mills * 1e18) >> 144;
            return x < 0 ? tail : 1e18 - tail;
        }
    }

    /// @notice φ(x), WAD in and out.
    function pdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x < -12e18 || x > 12e18) return 0;
            (uint256 density, ) = _at((uint256(x < 0 ? -x : x) << 64) / 1e18);
            return (density * 1e18) >> 80;
        }
    }
}
