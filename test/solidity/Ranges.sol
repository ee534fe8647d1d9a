// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @notice Turns what a fuzzer gives into what a test needs, without throwing runs away.
abstract contract Ranges {
    /// @notice A number between the bounds, both included.
    function uniform(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (seed % (high - low + 1));
    }

    /// @notice A number between the bounds of which every order of magnitude is about as likely.
    function logarithmic(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        uint256 bits = uniform(seed >> 128, bitLength(low), bitLength(high));
        uint256 x = bits == 0 ? 0 : (1 << (bits - 1)) | (uint128(seed) & ((1 << (bits - 1)) - 1));
        return
            x < low
                ? low
                : x > high
                    ? high
                    : x;
    }

    function bitLength(uint256 x) internal pure returns (uint256 n) {
        for (; x != 0; x >>= 1) ++n;
    }

    function difference(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : b - a;
    }
}
