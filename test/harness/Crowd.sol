// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {OptionVault} from "../../contracts/OptionVault.sol";

/// @notice Requests the least there is to request, in and out, for one controller after another, from its own balances.
contract Crowd {
    function request(OptionVault vault, uint160 first, uint160 count) external {
        vault.usdc().approve(address(vault), type(uint256).max);
        for (uint160 i = first; i < first + count; ++i) {
            vault.requestDeposit(1, address(i), address(this));
            vault.requestRedeem(1, address(i), address(this));
        }
    }
}
