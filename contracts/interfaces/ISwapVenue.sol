// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title A place where the desk swaps the underlying against USDC
/// @notice The caller sends the input first, then calls; the output and what is left of the input go back to the caller and
/// to nobody else. A venue holds nothing between calls. It may fill in part: where the market is too thin for all of an
/// order at its limit, it trades what the limit allows. Adding a venue means writing one of these and its test.
interface ISwapVenue {
    /// @notice Buys up to `baseAmount` of the underlying, nowhere dearer than `maxQuote / baseAmount`.
    /// @param maxQuote USDC that the caller has sent. @param route Venue-specific: which pools to go through.
    /// @return spent USDC paid; the rest of `maxQuote` is returned.
    function buy(uint256 baseAmount, uint256 maxQuote, bytes calldata route) external returns (uint256 spent);

    /// @notice Sells up to `baseAmount` of the underlying, which the caller has sent, nowhere cheaper than
    /// `minQuote / baseAmount`.
    /// @return sold Underlying taken; the rest of `baseAmount` is returned.
    function sell(uint256 baseAmount, uint256 minQuote, bytes calldata route) external returns (uint256 sold);
}
