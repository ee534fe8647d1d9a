// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title All that the vault knows about its hedge
interface IHedgePosition {
    /// @notice Signed holding of the underlying, WAD units: inventory minus debt.
    function hedgeDelta() external view returns (int256);

    /// @notice Value of everything the desk holds and owes at `spot` (WAD), in WAD USDC.
    function equity(uint256 spot) external view returns (int256);
}
