// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

// The units that all contracts count in. The signed ones spare a cast where signed amounts are scaled.

/// @dev One, for prices, quantities, Greeks and vols.
uint256 constant WAD = 1e18;
int256 constant INT_WAD = 1e18;
/// @dev The smallest unit of USDC (6 decimals), WAD.
uint256 constant USDC_UNIT = 1e12;
int256 constant INT_USDC_UNIT = 1e12;
/// @dev One, for shares and rates.
uint256 constant BPS = 10_000;
/// @dev Seconds in which annual vols and rates count.
uint256 constant YEAR = 365 days;
