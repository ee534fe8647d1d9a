// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A queue of requests that are all filled at one price when their epoch closes
/// @notice Deposits put assets in and get shares out, redemptions the reverse; the queue only knows `input` and
/// `output`. Closing an epoch costs the same for one request and for thousands: it stores one rate, which each controller
/// applies to its own request when it next comes by.
library EpochQueue {
    using SafeCast for uint256;

    /// @dev Waiting in `epoch`, or already filled at that epoch's rate if the queue has moved on.
    struct Request {
        uint64 epoch;
        uint128 amount;
    }

    /// @dev Filled and not yet taken: `input` still counts claims in the unit in which they were requested.
    struct Claim {
        uint128 input;
        uint128 output;
    }

    struct State {
        uint64 epoch;
        uint128 pending;
        mapping(address controller => Request) requests;
        mapping(address controller => Claim) claims;
        mapping(uint64 epoch => Claim) fills;
    }

    error NothingPending(address controller);
    error ExceedsClaimable(address controller, uint256 asked, uint256 claimable);

    /// @notice Adds `amount` to the controller's request in the open epoch. @return epoch That epoch.
    function request(State storage self, address controller, uint256 amount) internal returns (uint64 epoch) {
        settle(self, controller);
        Request storage r = self.requests[controller];
        epoch = self.epoch;
        r.epoch = epoch;
        r.amount += amount.toUint128();
        self.pending += amount.toUint128();
    }

    /// @notice Takes back the controller's whole request from the open epoch.
    function cancel(State storage self, address controller) internal returns (uint256 amount) {
        amount = pendingOf(self, controller);
        if (amount == 0) revert NothingPending(controller);
        self.requests[controller].amount = 0;
        self.pending -= uint128(amount);
    }

    /// @notice Fills the open epoch: everything pending becomes `output` in all, shared in proportion.
    function close(State storage self, uint256 output) internal {
        self.fills[self.epoch] = Claim(self.pending, output.toUint128());
        self.epoch += 1;
        self.pending = 0;
    }

    /// @notice Moves the controller's filled request, if any, to its claim.
    function settle(State storage self, address controller) internal {
        Claim memory filled = _filled(self, controller);
        if (filled.input == 0) return;
        Claim storage claim = self.claims[controller];
        claim.input += filled.input;
        claim.output += filled.output;
        self.requests[controller].amount = 0;
    }

    /// @notice Takes `input` of the controller's claim. @return output What it gets, rounded down; all at the end.
    function takeInput(State storage self, address controller, uint256 input) internal returns (uint256 output) {
        settle(self, controller);
        Claim storage claim = self.claims[controller];
        if (input > claim.input) revert ExceedsClaimable(controller, input, claim.input);
        output = input == claim.input ? claim.output : Math.mulDiv(input, claim.output, claim.input);
        _take(claim, input, output);
    }

    /// @notice Takes `output` of the controller's claim. @return input What that uses up, rounded up.
    function takeOutput(State storage self, address controller, uint256 output) internal returns (uint256 input) {
        settle(self, controller);
        Claim storage claim = self.claims[controller];
        if (output > claim.output) revert ExceedsClaimable(controller, output, claim.output);
        input = output == 0 ? 0 : Math.mulDiv(output, claim.input, claim.output, Math.Rounding.Ceil);
        _take(claim, input, output);
    }

    /// @notice What the controller has waiting in the open epoch.
    function pendingOf(State storage self, address controller) internal view returns (uint256) {
        Request memory r = self.requests[controller];
        return r.epoch == self.epoch ? r.amount : 0;
    }

    /// @notice What the controller may take: in the unit of the request, and in the unit it is paid in.
    function claimableOf(State storage self, address controller) internal view returns (uint256 input, uint256 output) {
        Claim memory claim = self.claims[controller];
        Claim memory filled = _filled(self, controller);
        return (uint256(claim.input) + filled.input, uint256(claim.output) + filled.output);
    }

    function _filled(State storage self, address controller) private view returns (Claim memory filled) {
        Request memory r = self.requests[controller];
        if (r.amount == 0 || r.epoch == self.epoch) return filled;
        Claim memory rate = self.fills[r.epoch];
        filled.input = r.amount;
        filled.output = uint128(Math.mulDiv(r.amount, rate.output, rate.input));
    }

    function _take(Claim storage claim, uint256 input, uint256 output) private {
        claim.input -= uint128(input);
        claim.output -= uint128(output);
    }
}
