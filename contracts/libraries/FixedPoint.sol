// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title FixedPoint
/// @notice Square root, logarithm and exponential for the pricing libraries.
/// @dev "Qn" is an integer that stands for itself divided by 2ⁿ. Numbers are binary inside, since a shift costs 3 gas and
/// needs no rounding constant; WAD (1e18) is spoken at the borders. Coefficients come out of scripts/fit, which prints
/// the error of each fit; docs/pricing.md follows the assembly line by line.
library FixedPoint {
    /// @notice `x` is above the largest argument `exp` takes (both WAD).
    error ExpOverflow(int256 x, int256 limit);

    /// @dev exp(x) in WAD for a larger x is beyond any price.
    int256 private constant MAX_EXP = 40e18;

    /// @dev exp(x) in WAD rounds to zero below this.
    int256 private constant MIN_EXP = -42e18;

    /// @notice √(seconds / 31,536,000): the square root of a time in years, WAD, rounded down. Zero at zero.
    function sqrtTime(uint256 secondsLeft) internal pure returns (uint256) {
        unchecked {
            return sqrt(secondsLeft * 31709791983764586504312531710); // 1e36 / 31,536,000
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

    /// @notice ln(high / low) in Q80, for high ≥ low below 2¹²⁰.
    /// @dev Error at most 1.3e-15, and near one at most 4e-15 of the result. With low = 0 the result is 128, larger than
    /// any logarithm of the domain, so that nobody downstream has to test for it.
    function logRatio(uint256 high, uint256 low) internal pure returns (uint256) {
        unchecked {
            uint256 octaves;
            if (high > 2 * low) {
                if (low == 0) return 1 << 87;
                // Double the smaller until both have the same length: their ratio is then in (½, 2).
                assembly ("memory-safe") {
                    octaves := sub(clz(low), clz(high))
                }
                low <<= octaves;
            }
            int256 t;
            assembly ("memory-safe") {
                t := sdiv(shl(80, sub(high, low)), add(high, low))
            }
            return uint256(twiceAtanh(t)) + octaves * LN2_Q80;
        }
    }

    uint256 private constant LN2_Q80 = 0xb17217f7d1cf79abc9e4;

    /// @notice 2·atanh(t) = ln((1 + t)/(1 − t)), in and out Q80, for |t| ≤ ⅓.
    /// @dev atanh is odd, so t times a function of u = t² is left: a cubic over a cubic, error at most 1.3e-15. Both
    /// cubics are scaled to lead with −u³, which saves two multiplications; `c` undoes the scaling. Signs alternate, so
    /// nested subtractions keep every step positive.
    function twiceAtanh(int256 t) internal pure returns (int256 y) {
        assembly ("memory-safe") {
            let u := shr(104, mul(t, t)) // Q56
            let p := sub(0x44d8d4c8cd2df38360f331237fba44, mul(u, sub(0x15f5c61939268d60, u))) // Q112
            p := sub(0x348e456f716881b370b3588f18c89977fa142328362f, mul(u, p)) // Q168
            let q := sub(0x12957d1b4ddb97a08f2ba0d1c59bd2, mul(u, sub(0x8a87f74eb578a72, u))) // Q112
            q := sub(0xb4f0ee1cae7dc3b3352fa4f531d8d4759f8fdcf2e6c, mul(u, q)) // Q168
            // t·p is Q248; Q144 leaves room for c, which is Q104; Q248 over Q168 is Q80.
            y := sdiv(mul(sar(104, mul(t, p)), 0x6e2bc2fe5f67b1b5b16d7e892e), q)
        }
    }

    /// @notice 2^g in Q80 for |g| ≤ ½ in Q64; relative error at most 1e-18.
    /// @dev 2^g = (E + O)/(E − O) with E even and O odd in g, since O/E is tanh(g·ln2/2): one division gives twice the
    /// digits that either polynomial has. E leads with u² and O with c·g·u².
    function exp2(int256 g) internal pure returns (uint256 y) {
        assembly ("memory-safe") {
            let u := shr(64, mul(g, g)) // Q64
            let even := add(mul(add(u, 0xe92f22118b1e1851f6), u), 0x111035aba5477c8ba9d4ab327ee45d3162d3) // Q128
            let odd := shr(64, add(mul(add(u, 0x36acca29200f0d3f94f), u), 0x10013e4dd070ce36c2dbdb875b92d755875c5)) // Q64
            odd := sar(64, mul(mul(g, 0x5e97259c56125db), odd)) // Q128
            y := div(shl(80, add(even, odd)), sub(even, odd))
        }
    }

    /// @notice Natural logarithm, WAD in and out, for any x > 0. Error at most 2e-18.
    /// @dev x is 2^k times a mantissa m in [1, 2). The rational function knows ln m to 1.3e-15; one Newton step against
    /// `exp2`, which is good to 1e-18, repairs the rest: y ← y + 2(m − eʸ)/(m + eʸ).
    function ln(uint256 x) internal pure returns (int256) {
        unchecked {
            uint256 zeros;
            assembly ("memory-safe") {
                zeros := clz(x)
            }
            int256 m = int256((x << zeros) >> 175); // Q80
            int256 one = 1 << 80;
            int256 y = twiceAtanh(((m - one) << 80) / (m + one));
            int256 g = ((y * 26613026195688644984) >> 80) - (1 << 63); // y/ln 2 − ½, Q64
            int256 z = int256((exp2(g) * SQRT2_Q80) >> 80); // eʸ = √2·2^g
            y += ((m - z) << 81) / (m + z);
            y += int256((255 - zeros) * LN2_Q80) - LN_WAD_Q80;
            return (y * 1e18) >> 80;
        }
    }

    uint256 private constant SQRT2_Q80 = 0x16a09e667f3bcc908b2fb;
    int256 private constant LN_WAD_Q80 = 0x29724fe657ff706671e86c; // ln 1e18

    /// @notice e^x, WAD in and out; zero below −42. Relative error at most 2e-18 and one unit. Reverts above 40.
    /// @dev e^x = 2^n·√2·2^g with n = ⌊x/ln 2⌋ and g = x/ln 2 − n − ½.
    function exp(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x < MIN_EXP) return 0;
            if (x > MAX_EXP) revert ExpOverflow(x, MAX_EXP);
            int256 y = (x * 0x1a9cef48e612f364f2) >> 64; // x/(1e18·ln 2) in Q64
            int256 g = (y & 0xffffffffffffffff) - (1 << 63);
            uint256 mantissa = (exp2(g) * SQRT2_Q80 * 1e18) >> 80; // WAD in Q80
            return mantissa >> uint256(80 - (y >> 64));
        }
    }
}
