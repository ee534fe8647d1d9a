// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IOptionVault} from "../../contracts/interfaces/IOptionVault.sol";

/// @notice A trader and LP that, whenever tokens move, tries doors that should be shut then, and looks around.
contract Reenterer {
    struct Door {
        address target;
        bytes call;
    }

    IOptionVault private immutable vault;
    Door[] private doors;
    /// @dev What each door answered: the selector of its error, or all ones if it opened.
    bytes4[] private answers;
    int256 private navSeen;
    bool private busy;

    constructor(IOptionVault vault_) {
        vault = vault_;
    }

    function plan(Door[] calldata next) external {
        delete doors;
        for (uint256 i = 0; i < next.length; ++i) doors.push(next[i]);
    }

    /// @notice Does something from this contract.
    function act(address target, bytes calldata call) external {
        delete answers;
        (bool ok, bytes memory reason) = target.call(call);
        if (ok) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }

    function onMove() external {
        if (busy) return;
        busy = true;
        navSeen = vault.nav();
        for (uint256 i = 0; i < doors.length; ++i) {
            (bool ok, bytes memory reason) = doors[i].target.call(doors[i].call);
            answers.push(ok ? bytes4(0xffffffff) : bytes4(reason));
        }
        busy = false;
    }

    function seen() external view returns (int256 nav, bytes4[] memory) {
        return (navSeen, answers);
    }
}
