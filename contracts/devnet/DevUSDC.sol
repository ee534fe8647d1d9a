// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title DevUSDC
/// @notice The local chain's USDC: 6 decimals, ERC-2612 permit, and minting through the same three functions as
/// Circle's FiatToken, so that test tools fund accounts in one way here and on a fork of mainnet.
/// @dev For local chains only. It has none of FiatToken's pausing and blacklisting, and the domain that permits are signed
/// for has version "1" where mainnet's has "2".
contract DevUSDC is ERC20, ERC20Permit, Ownable {
    /// @notice How much `minter` may still mint, in units of 1e-6 USDC.
    mapping(address minter => uint256 allowance) public minterAllowance;

    /// @notice `minter` may mint up to `allowance` more.
    event MinterConfigured(address indexed minter, uint256 allowance);

    /// @notice `minter` asked for `amount` with only `allowance` left.
    error MintAllowanceExceeded(address minter, uint256 amount, uint256 allowance);

    /// @param owner Decides who may mint.
    constructor(address owner) ERC20("USD Coin", "USDC") ERC20Permit("USD Coin") Ownable(owner) {}

    /// @notice Sets how much `minter` may mint from now on.
    /// @param minter Account that will call {mint}.
    /// @param allowance New allowance, in units of 1e-6 USDC; replaces the old one.
    function configureMinter(address minter, uint256 allowance) external onlyOwner {
        minterAllowance[minter] = allowance;
        emit MinterConfigured(minter, allowance);
    }

    /// @notice Creates `amount` for `to`, out of the caller's allowance.
    /// @param to Receiver.
    /// @param amount Units of 1e-6 USDC.
    function mint(address to, uint256 amount) external {
        uint256 allowance = minterAllowance[msg.sender];
        if (amount > allowance) revert MintAllowanceExceeded(msg.sender, amount, allowance);
        minterAllowance[msg.sender] = allowance - amount;
        _mint(to, amount);
    }

    /// @notice Who may call {configureMinter}, under FiatToken's name for it.
    function masterMinter() external view returns (address) {
        return owner();
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
