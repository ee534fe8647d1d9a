// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

/// @title Approval by signature, in the same transaction as what needs it
/// @notice `multicall([selfPermit(…), trade(…)])` takes one transaction and no earlier approval.
abstract contract SelfPermit is Multicall {
    IERC20 public immutable usdc;

    /// @notice The signature was refused, and `owner` allows this contract only `allowance` of `value` without it.
    error PermitRefused(address owner, uint256 value, uint256 allowance);

    constructor(IERC20 usdc_) {
        usdc = usdc_;
    }

    /// @notice Lets this contract take `value` of the caller's USDC (6 decimals), by the caller's ERC-2612 signature.
    /// @dev Anyone who sees the signature may use it first. That grants the same allowance, so it is no reason to fail.
    function selfPermit(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        try IERC20Permit(address(usdc)).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {
            uint256 allowance = usdc.allowance(msg.sender, address(this));
            if (allowance < value) revert PermitRefused(msg.sender, value, allowance);
        }
    }
}
