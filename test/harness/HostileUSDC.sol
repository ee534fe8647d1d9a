// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {DevUSDC} from "../../contracts/devnet/DevUSDC.sol";

interface IReceiver {
    function onMove() external;
}

/// @notice USDC with the habits of other tokens: its code takes the place of DevUSDC's, whose storage it shares.
contract HostileUSDC is DevUSDC {
    enum Habit {
        None,
        Calls, // tells a contract of every move, after it, as ERC-777 does
        SaysNothing, // moves and returns no value
        SaysNo // moves nothing and returns false
    }

    Habit public habit;
    address public told;

    constructor() DevUSDC(msg.sender) {}

    function adopt(Habit next, address told_) external {
        (habit, told) = (next, told_);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (habit == Habit.SaysNo) return false;
        super.transfer(to, value);
        return _answer();
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (habit == Habit.SaysNo) return false;
        super.transferFrom(from, to, value);
        return _answer();
    }

    function _answer() private returns (bool) {
        if (habit == Habit.Calls) IReceiver(told).onMove();
        if (habit != Habit.SaysNothing) return true;
        assembly {
            return(0, 0)
        }
    }
}
