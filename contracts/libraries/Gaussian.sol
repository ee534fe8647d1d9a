// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {FixedPoint} from "./FixedPoint.sol";

/// @title Gaussian
/// @notice The normal density φ and Mills' ratio M(x) = Φ(−x)/φ(x), from which Φ follows: Φ(−x) = φ(x)·M(x).
/// @dev M falls smoothly from √(π/2) towards 1/x: a rational function catches it, where Φ itself would need an
/// exponential of its own for every argument. See FixedPoint for the Qn notation and for where coefficients come from.
library Gaussian {
    /// @notice Up to here `mills` is good to 1.9e-14 in itself (Q56).
    uint256 internal constant NEAR = 3 << 56;

    /// @notice φ(x) = exp(−x²/2)/√(2π) in Q80, for 0 ≤ x < 2⁴⁰ in Q56. Relative error at most 1e-16·max(1, x).
    /// @dev φ(x) = 2^−(n+1)·2^g with x²/(2·ln 2) + log2(√(2π)) − ½ = n + ½ − g: the constant 1/√(2π) costs one
    /// addition in the exponent. A shift by 256 or more gives zero, which is the far tail.
    function density(uint256 x) internal pure returns (uint256 y) {
        unchecked {
            uint256 e = ((x * x * 0xb8aa3b295c17f0bc) >> 112) + 0xd36439a4c6efbad8; // Q64
            int256 g = int256(1 << 63) - int256(e & 0xffffffffffffffff);
            return FixedPoint.exp2(g) >> ((e >> 64) + 1);
        }
    }

    /// @notice M(x) in Q64 for x in Q56: to 1.9e-14 up to x = 3, and beyond to 1.9e-14·exp((x − 3)²/2).
    /// @dev A sextic over a septic, both led by x to the power, as M tends to 1/x: eleven multiplications, one division.
    /// The error may grow with x > 3 because every caller multiplies by φ(x − 3) or less. The widest step, x⁷ in Q224,
    /// holds up to x = 16; where x is larger, the caller's density is zero and so is its product with anything.
    function mills(uint256 x) internal pure returns (uint256 m) {
        assembly ("memory-safe") {
            let p := add(mul(add(x, 0x11fe47e006182845), x), 0x96e1653feb1631e63fdbe4536c6015) // Q112
            p := add(mul(p, x), 0x2ebcf1475044de0db3981083309065ea281ff98ae3ea1) // Q168
            p := add(mul(shr(112, p), x), 0x90b1aba2c5e99da196e3c06e8b271cb) // Q56 to Q112
            p := add(mul(p, x), 0x10cc1df0a8a4b6722c30fd014b896fb86793e3e86178be) // Q168
            p := add(mul(p, x), 0xf73acc5f1774477f849d8775c9654061396d735774bfa5e175800000000) // Q224
            let q := add(mul(add(x, 0x11fe49d2955c233a), x), 0x97e10d47ca2e98c4c87d1f212a51aa) // Q112
            q := add(mul(q, x), 0x2fdd4cdecd0e2ab9beec77e69f56acc39b31e33f79c7d) // Q168
            q := add(mul(q, x), 0x99f9520311d7fe9bcd559982ac2e015a609b3600ecd58cb244c00000000) // Q224
            q := add(mul(shr(168, q), x), 0x1397ebc85c0eb9764c0bbd21fdafb52d) // Q56 to Q112
            q := add(mul(q, x), 0x173d41fdc12120b393f6fa051b0d65da1debe549b65d05) // Q168
            q := add(mul(q, x), 0xc542c036145f027b6ca2d33687dd47417258349851ecdb6037c00000000) // Q224
            m := div(p, shr(64, q))
        }
    }

    /// @notice M(x) in Q64, to 2e-14 for every x ≥ 0 in Q56 below 2⁴⁰: `mills` up to 3, and beyond x·M(x) as a quintic
    /// over a quintic in 1/x².
    function millsAnywhere(uint256 x) internal pure returns (uint256) {
        unchecked {
            if (x <= NEAR) return mills(x);
            uint256 u = (1 << 208) / (x * x); // Q96
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
            return (p << 120) / (q * x);
        }
    }

    /// @notice Φ(x), WAD in and out. Error at most 1e-14; exactly ½ at 0, and Φ(x) + Φ(−x) = 1.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x == 0) return 0.5e18;
            if (x < -12e18) return 0;
            if (x > 12e18) return 1e18;
            uint256 z = (uint256(x < 0 ? -x : x) << 56) / 1e18;
            uint256 tail = (density(z) * millsAnywhere(z) * 1e18) >> 144;
            return x < 0 ? tail : 1e18 - tail;
        }
    }

    /// @notice φ(x), WAD in and out.
    function pdf(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x < -12e18 || x > 12e18) return 0;
            return (density((uint256(x < 0 ? -x : x) << 56) / 1e18) * 1e18) >> 80;
        }
    }
}
