// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title The identity of an option series, packed into its ERC-6909 token id
/// @notice Layout, from the lowest bit: 8 bits option type (0 put, 1 call), 96 bits strike (WAD, USDC per unit of
/// underlying), 40 bits expiry (unix seconds). Ids of one market sort by expiry, then strike, then put before call.
library SeriesId {
    /// @notice A strike must be in (0, 2^96) and an expiry in (0, 2^40).
    error InvalidSeries(uint256 expiry, uint256 strike);

    uint256 private constant STRIKE_SHIFT = 8;
    uint256 private constant EXPIRY_SHIFT = 104;

    function encode(uint256 expiry, uint256 strike, bool isCall) internal pure returns (uint256 id) {
        if (expiry == 0 || expiry > type(uint40).max || strike == 0 || strike > type(uint96).max) {
            revert InvalidSeries(expiry, strike);
        }
        id = (expiry << EXPIRY_SHIFT) | (strike << STRIKE_SHIFT) | (isCall ? 1 : 0);
    }

    /// @dev Total: an id that `encode` never made decodes to something no vault lists.
    function decode(uint256 id) internal pure returns (uint256 expiry, uint256 strike, bool isCall) {
        expiry = id >> EXPIRY_SHIFT;
        strike = uint96(id >> STRIKE_SHIFT);
        isCall = uint8(id) == 1;
    }

    function expiryOf(uint256 id) internal pure returns (uint256) {
        return id >> EXPIRY_SHIFT;
    }

    /// @notice Pay-off of one contract at `price`, WAD.
    function payoff(uint256 strike, bool isCall, uint256 price) internal pure returns (uint256) {
        if (isCall) return price > strike ? price - strike : 0;
        return strike > price ? strike - price : 0;
    }
}
