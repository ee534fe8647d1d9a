// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title A place where the desk swaps the underlying against USDC
/// @notice An adapter pulls its input from the caller, swaps, and sends the output and what is left of the input back
/// to the caller. It holds nothing between calls. Adding a venue means writing one of these and its test.
interface ISwapVenue {
    /// @notice Buys exactly `baseAmount` of the underlying for at most `maxQuote` USDC.
    /// @param route Venue-specific: which pools to go through.
    /// @return quoteSpent USDC actually paid.
    function buy(uint256 baseAmount, uint256 maxQuote, bytes calldata route) external returns (uint256 quoteSpent);

    /// @notice Sells exactly `baseAmount` of the underlying for at least `minQuote` USDC.
    /// @return quoteReceived USDC actually received.
    function sell(uint256 baseAmount, uint256 minQuote, bytes calldata route) external returns (uint256 quoteReceived);
}
