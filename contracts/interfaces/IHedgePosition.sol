// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title What the vault needs to know of its hedge
interface IHedgePosition {
    /// @notice What the desk holds less what it owes. Worth `base * spot + quote` at any spot: no DEX price is in it.
    /// @return base Underlying, WAD: inventory less debt.
    /// @return quote WAD USDC: collateral with its interest, and money on its way through the desk.
    function position() external view returns (int256 base, int256 quote);
}
