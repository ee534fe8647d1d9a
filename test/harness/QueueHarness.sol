// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {EpochQueue} from "../../contracts/libraries/EpochQueue.sol";

/// @title An EpochQueue of its own, driven many steps at a time
contract QueueHarness {
    using EpochQueue for EpochQueue.State;

    enum Verb {
        Request,
        Cancel,
        TakeInput,
        TakeOutput,
        Fill
    }

    /// @dev `amount` of a request is absolute; of a claim or a fill it is a part (WAD) of what is claimable or pending.
    /// `price` is what a fill pays: output per unit of input, WAD.
    struct Step {
        Verb verb;
        address controller;
        uint256 amount;
        uint256 price;
    }

    struct Moved {
        uint256 input;
        uint256 output;
    }

    struct Account {
        uint256 remaining;
        uint256 input;
        uint256 output;
    }

    event Ran(uint256 pendingBeforeFill, Moved[] moved);

    uint256 private constant WAD = 1e18;

    EpochQueue.State private queue;

    constructor(uint64 precision) {
        queue.open(precision);
    }

    function run(Step[] calldata steps) external {
        Moved[] memory moved = new Moved[](steps.length);
        uint256 pendingBeforeFill;
        for (uint256 i = 0; i < steps.length; ++i) {
            if (steps[i].verb == Verb.Fill) pendingBeforeFill = queue.pending;
            (moved[i].input, moved[i].output) = _run(steps[i]);
        }
        emit Ran(pendingBeforeFill, moved);
    }

    function pending() external view returns (uint256) {
        return queue.pending;
    }

    function accounts(address[] calldata controllers) external view returns (Account[] memory result) {
        result = new Account[](controllers.length);
        for (uint256 i = 0; i < controllers.length; ++i) {
            EpochQueue.Claim memory claim = queue.claimableOf(controllers[i]);
            result[i] = Account(queue.pendingOf(controllers[i]), claim.input, claim.output);
        }
    }

    function _run(Step calldata step) private returns (uint256 input, uint256 output) {
        EpochQueue.Claim memory claim = queue.claimableOf(step.controller);
        if (step.verb == Verb.Request) {
            input = step.amount;
            queue.request(step.controller, input);
        } else if (step.verb == Verb.Cancel) {
            if (queue.pendingOf(step.controller) > 0) input = queue.cancel(step.controller);
        } else if (step.verb == Verb.TakeInput) {
            input = Math.mulDiv(claim.input, step.amount, WAD);
            output = queue.takeInput(step.controller, input);
        } else if (step.verb == Verb.TakeOutput) {
            output = Math.mulDiv(claim.output, step.amount, WAD);
            input = queue.takeOutput(step.controller, output);
        } else {
            input = Math.mulDiv(queue.pending, step.amount, WAD);
            output = Math.mulDiv(input, step.price, WAD);
            queue.fill(input, output);
        }
    }
}
