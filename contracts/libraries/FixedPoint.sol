// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title FixedPoint
/// @notice Square root, logarithm and exponential for the pricing libraries.
/// @dev "Qn" is an integer that stands for itself divided by 2ⁿ. Numbers are binary inside, since a shift costs 3 gas and
/// powers of two divide exactly; WAD (1e18) is spoken at the borders.
///
/// Rational functions are evaluated as continued fractions, c + a₁/(u + b₁ + a₂/(u + b₂ + …)): on the EVM a division
/// costs as much as a multiplication, so each step takes 20 gas and brings two coefficients, where Horner's rule takes 14
/// for one. Nothing grows on the way, and an error of one unit in a denominator stays about one unit. Signs are such that
/// every denominator is positive. Coefficients come out of scripts/fit, which prints the error of each fit;
/// docs/pricing.md follows the assembly line by line.
library FixedPoint {
    /// @notice `x` is above the largest argument `exp` takes (both WAD).
    error ExpOverflow(int256 x, int256 limit);

    /// @dev exp(x) in WAD for a larger x is beyond any price.
    int256 private constant MAX_EXP = 40e18;

    /// @dev exp(x) in WAD rounds to zero below this.
    int256 private constant MIN_EXP = -42e18;

    uint256 private constant NINTH_Q56 = 0x1c71c71c71c71c; // 1/9
    uint256 private constant LN2_Q120 = 0xb17217f7d1cf79abc9e3b39803f2f7;
    int256 private constant LN_WAD_Q80 = 0x29724fe657ff706671e86c; // ln 1e18
    uint256 private constant INV_LN2_Q64 = 0x171547652b82fe177; // 1/ln 2
    int256 private constant INV_LN2_WAD_Q128 = 0x1a9cef48e612f364f2; // 1/(1e18·ln 2)
    uint256 private constant TWO_SQRT2_Q80 = 0x2d413cccfe779921165f6; // 2√2

    /// @notice √(seconds / 31,536,000): the square root of a time in years, WAD, rounded down. Zero at zero.
    function sqrtTime(uint256 secondsLeft) internal pure returns (uint256) {
        unchecked {
            return sqrt(secondsLeft * 0x6675b9a3e49eeb198bf72afe); // 1e36 / 31,536,000
        }
    }

    /// @notice Square root of an integer below 2¹⁶⁰, at most one above the exact floor.
    /// @dev The first guess, a power of two, is right to a factor √2. Each Newton step y ← (y + x/y)/2 turns a relative
    /// error ε into ε²/2: 6e-2, 1.8e-3, 1.6e-6, 1.3e-12, 8e-25. The EVM divides by zero without complaint: √0 = 0.
    function sqrt(uint256 x) internal pure returns (uint256 y) {
        assembly ("memory-safe") {
            y := shl(shr(1, sub(256, clz(x))), 1)
            y := shr(1, add(y, div(x, y)))
            y := shr(1, add(y, div(x, y)))
            y := shr(1, add(y, div(x, y)))
            y := shr(1, add(y, div(x, y)))
            y := shr(1, add(y, div(x, y)))
        }
    }

    /// @notice ln(a / b) in Q120, for a and b below 2¹²⁰; ±128 if one of them is zero, more than any in the domain.
    /// @dev Error at most 1.3e-15, and near a = b at most 4e-15 of the result or 6e-20.
    ///
    /// a/b = (1 + t)/(1 − t) with t = (a − b)/(a + b), so that ln(a/b) = 2·atanh(t). As atanh is odd, what is left to find
    /// is a function of u = t², for |t| ≤ ⅓.
    function logRatio(uint256 a, uint256 b) internal pure returns (int256 result) {
        int256 t;
        uint256 u;
        assembly ("memory-safe") {
            t := sdiv(shl(64, sub(a, b)), add(a, b)) // Q64
            u := shr(72, mul(t, t)) // Q56
        }
        if (u > NINTH_Q56) return _logFarRatio(a, b);
        assembly ("memory-safe") {
            // Q112 over Q56 is Q56
            let v := div(0x1d1095ea8f01472cbf74ad2237dd, sub(0x14b19a6411b4b46, u))
            v := div(0x2f47a3872b50243ee541ceeb9247a, sub(sub(0x27c3be3f3e072f7, u), v))
            v := div(0x5b97a773e31af8e01e18f818f656f, sub(sub(0x4e129eab65bcc36, u), v))
            result := mul(t, add(v, 0x6e2bc2fe5f67b2)) // Q64 times Q56
        }
    }

    /// @dev `logRatio` beyond a factor of two: doubles the smaller until both have the same length.
    function _logFarRatio(uint256 a, uint256 b) private pure returns (int256) {
        unchecked {
            if (a < b) return -_logFarRatio(b, a);
            if (b == 0) return 1 << 127;
            uint256 octaves;
            assembly ("memory-safe") {
                octaves := sub(clz(b), clz(a))
            }
            return logRatio(a, b << octaves) + int256(octaves * LN2_Q120);
        }
    }

    /// @notice Natural logarithm, WAD in and out, for any x > 0. Error at most 3e-18; exactly 0 at 1.
    /// @dev x is 2^k times a mantissa m in [1, 2). `logRatio` gives v = log2 m to 2e-15; what is left is the logarithm of
    /// m/2^v, which is 2(m − 2^v)/(m + 2^v) to far more digits than WAD has.
    function ln(uint256 x) internal pure returns (int256) {
        unchecked {
            uint256 zeros;
            assembly ("memory-safe") {
                zeros := clz(x)
            }
            int256 m = int256((x << zeros) >> 175); // Q80
            uint256 v = (uint256(logRatio(uint256(m), 1 << 80)) * INV_LN2_Q64) >> 126; // Q58
            int256 z = int256(_exp2(v));
            int256 y = int256((v * LN2_Q120) >> 98) + ((m - z) << 81) / (m + z); // Q80
            y += int256(((255 - zeros) * LN2_Q120) >> 40) - LN_WAD_Q80;
            return (y * 1e18) >> 80;
        }
    }

    /// @notice e^x, WAD in and out; zero below −42. Relative error at most 4e-18·max(1, |x|) and one unit. Reverts above 40.
    function exp(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x < MIN_EXP) return 0;
            if (x > MAX_EXP) revert ExpOverflow(x, MAX_EXP);
            int256 y = (x * INV_LN2_WAD_Q128) >> 70; // x/ln 2 in Q58
            uint256 mantissa = _exp2(uint256(y) & 0x3ffffffffffffff) * 1e18;
            uint256 shift = uint256(80 - (y >> 58));
            return (mantissa + (1 << (shift - 1))) >> shift;
        }
    }

    /// @dev 2^v in Q80 for v in [0, 1] in Q58; relative error at most 3e-18.
    ///
    /// 2^v = √2·2^g with g = v − ½, and 2^g = (s + g)/(s − g) with s = g·coth(g·ln2/2), which is even in g: one division
    /// more gives twice the digits.
    function _exp2(uint256 v) private pure returns (uint256 y) {
        assembly ("memory-safe") {
            let g := sub(v, 0x200000000000000) // Q58
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
            y := shr(81, mul(div(shl(80, add(s, g)), sub(s, g)), TWO_SQRT2_Q80))
        }
    }
}
