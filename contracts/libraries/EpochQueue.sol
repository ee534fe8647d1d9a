// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A queue of requests that are filled together, in whole or in part, each in proportion to its size
/// @notice Deposits put assets in and get shares out, redemptions the reverse; the queue only knows `input` and `output`.
/// A fill costs the same for one request and for thousands: it appends one point, from which every controller later
/// works out its own part, whatever number of fills it has missed. What a fill leaves over waits for the next. Linked, not
/// inlined: the vault has two queues and little room.
/// @dev After a fill of `x` out of `n` for the output `y`, `product` *= (n − x) / n and `sum` += product before · y / n.
/// A request made at (P, S) is at (P', S') down to amount · P' / P and has earned amount · (S' − S) / P: the cumulative
/// product and sum of Batog, Boca and Johnson, "Scalable Reward Distribution on the Ethereum Blockchain" (2018), for
/// deposits that shrink. A product that has shrunk a millionfold closes its *era*, and the next fill starts from ONE.
///
/// Rounding. Products, sums and what is derived from them are rounded down, so that always Σ remaining <= `pending` and
/// Σ claimable <= Σ filled output. A request starts at a product of at least MIN_PRODUCT, so every fill it waits through
/// costs it at most 1e-18 of its amount and one unit besides.
///
/// Bounds. A product is at most 1e24 < 2^80. `sum` stays under 2^144 while the output of a fill is at most 2e19 / precision
/// times its input, which the owner of the queue sees to; beyond that a fill reverts. A request is under 2^128 and every
/// era but the first cuts it a millionfold, so a claim walks through eight eras at the most, then nothing is left.
library EpochQueue {
    using SafeCast for uint256;

    uint256 internal constant ONE = 1e24;
    uint256 internal constant MIN_PRODUCT = 1e18;

    /// @dev `amount` was waiting when `fills` had been made, in the era that began after `era` of them.
    struct Request {
        uint128 amount;
        uint64 fills;
        uint64 era;
    }

    /// @dev Filled and not yet taken: `input` still counts claims in the unit in which they were requested.
    struct Claim {
        uint128 input;
        uint128 output;
    }

    /// @dev Product and sum after a fill. The first point of an era also has the number of its last, once it is closed.
    struct Point {
        uint80 product;
        uint144 sum;
        uint32 eraEnd;
    }

    /// @dev Fills are numbered from one. `precision` is what sums multiply the output by, so that few digits are lost.
    struct State {
        uint128 pending;
        uint32 fills;
        uint32 era;
        uint64 precision;
        mapping(address controller => Request) requests;
        mapping(address controller => Claim) claims;
        mapping(uint256 fill => Point) points;
    }

    error NothingPending(address controller);
    error ExceedsClaimable(address controller, uint256 asked, uint256 claimable);
    error ExceedsPending(uint256 asked, uint256 pending);

    /// @notice Sets the queue up, once. @param precision 1 for an output finer than its input, 1e12 for a coarser one.
    function open(State storage self, uint64 precision) internal {
        self.precision = precision;
    }

    /// @notice Adds `amount` to the controller's request.
    function request(State storage self, address controller, uint256 amount) external {
        (Request memory r, Claim memory c) = _current(self, controller);
        r.amount += amount.toUint128();
        self.pending += amount.toUint128();
        _store(self, controller, r, c);
    }

    /// @notice Takes back all of the controller's request that is not filled.
    function cancel(State storage self, address controller) external returns (uint256 amount) {
        (Request memory r, Claim memory c) = _current(self, controller);
        amount = r.amount;
        if (amount == 0) revert NothingPending(controller);
        r.amount = 0;
        self.pending -= uint128(amount);
        _store(self, controller, r, c);
    }

    /// @notice Fills `input` of what is pending: it becomes `output`, shared in proportion. Nothing happens if it is zero.
    function fill(State storage self, uint256 input, uint256 output) external {
        uint256 pending = self.pending;
        if (input > pending) revert ExceedsPending(input, pending);
        if (input == 0) return;
        uint32 era = self.era;
        uint32 last = self.fills;
        (uint256 product, uint256 sum) = _at(self, last, era);
        ++last;

        sum += Math.mulDiv(product * self.precision, output, pending);
        product = (product * (pending - input)) / pending;
        self.points[last] = Point(uint80(product), sum.toUint144(), 0);
        if (product < MIN_PRODUCT) {
            self.points[era + 1].eraEnd = last;
            self.era = last;
        }
        self.fills = last;
        self.pending = uint128(pending - input);
    }

    /// @notice Takes `input` of the controller's claim. @return output What it gets, rounded down; all at the end.
    function takeInput(State storage self, address controller, uint256 input) external returns (uint256 output) {
        (Request memory r, Claim memory c) = _current(self, controller);
        if (input > c.input) revert ExceedsClaimable(controller, input, c.input);
        output = input == c.input ? c.output : (input * c.output) / c.input;
        _take(self, controller, r, c, input, output);
    }

    /// @notice Takes `output` of the controller's claim. @return input What that uses up, rounded up.
    function takeOutput(State storage self, address controller, uint256 output) external returns (uint256 input) {
        (Request memory r, Claim memory c) = _current(self, controller);
        if (output > c.output) revert ExceedsClaimable(controller, output, c.output);
        input = output == 0 ? 0 : Math.ceilDiv(output * c.input, c.output);
        _take(self, controller, r, c, input, output);
    }

    /// @notice What of the controller's request is not filled.
    function pendingOf(State storage self, address controller) external view returns (uint256) {
        (Request memory r, ) = _current(self, controller);
        return r.amount;
    }

    /// @notice What the controller may take: in the unit of the request, and in the unit it is paid in.
    function claimableOf(State storage self, address controller) external view returns (Claim memory c) {
        (, c) = _current(self, controller);
    }

    /// @dev The controller's request and claim as they are after all fills until now.
    function _current(State storage self, address controller) private view returns (Request memory r, Claim memory c) {
        r = self.requests[controller];
        c = self.claims[controller];
        uint64 fills = self.fills;
        if (r.amount > 0 && r.fills < fills) {
            (uint256 remaining, uint256 output) = _roll(self, r, fills);
            c.input += uint128(r.amount - remaining);
            c.output += output.toUint128();
            r.amount = uint128(remaining);
        }
        r.fills = fills;
        r.era = self.era;
    }

    /// @dev Takes a request through the fills it has missed, one era at a time, until it is up to date or used up.
    function _roll(
        State storage self,
        Request memory r,
        uint256 fills
    ) private view returns (uint256 remaining, uint256 output) {
        (uint256 made, uint256 era) = (r.fills, r.era);
        uint256 precision = self.precision;
        remaining = r.amount;
        while (remaining > 0 && made < fills) {
            (uint256 product, uint256 sum) = _at(self, made, era);
            made = self.points[era + 1].eraEnd;
            if (made == 0) made = fills; // this era is still open
            Point memory end = self.points[made];
            output += Math.mulDiv(remaining, end.sum - sum, product * precision);
            remaining = (remaining * end.product) / product;
            era = made;
        }
    }

    /// @dev Product and sum after `fills` fills, for a request made then: a new era begins where the last one closed.
    function _at(State storage self, uint256 fills, uint256 era) private view returns (uint256 product, uint256 sum) {
        if (fills == era) return (ONE, 0);
        Point memory point = self.points[fills];
        return (point.product, point.sum);
    }

    function _take(
        State storage self,
        address controller,
        Request memory r,
        Claim memory c,
        uint256 input,
        uint256 output
    ) private {
        c.input -= uint128(input);
        c.output -= uint128(output);
        _store(self, controller, r, c);
    }

    function _store(State storage self, address controller, Request memory r, Claim memory c) private {
        if (r.amount == 0) delete self.requests[controller];
        else self.requests[controller] = r;
        self.claims[controller] = c;
    }
}
