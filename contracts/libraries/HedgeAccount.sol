// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {INT_USDC_UNIT, INT_WAD} from "./Units.sol";

/// @title What the desk holds, what it cost, and where its profit came from
/// @notice Inventory is an account of its own, fed by what swaps deliver; tokens sent to the desk by anyone change nothing.
/// Cost is kept at oracle prices: what a fill was worse than the oracle is slippage, what the price did afterwards is gain.
library HedgeAccount {
    using SafeCast for *;

    /// @dev One slot, all that a hedge without a loan reads. `cost` is signed like the position: negative for a short one.
    /// `insideAt`: when a keeper last left the net delta inside the band, unix seconds.
    struct State {
        uint96 inventory;
        int112 cost;
        bool hasLoan;
        uint40 insideAt;
    }

    /// @dev The loan as it was after the last action: what differs now is interest.
    struct Loan {
        uint128 debt;
        uint128 collateral;
    }

    /// @notice One action's effect, WAD USDC; see IHedgeDesk.Accounted.
    struct Action {
        uint256 spot;
        uint256 debt;
        uint256 collateral;
        int256 funded;
        int256 realised;
        int256 slippage;
        int256 interest;
    }

    /// @notice Worth of `amount` at `spot`, WAD USDC, rounded towards zero.
    function worth(int256 amount, uint256 spot) internal pure returns (int256) {
        return (amount * int256(spot)) / INT_WAD;
    }

    /// @notice Signed position in the underlying as far as this action has come.
    function net(State storage self, Action memory a) internal view returns (int256) {
        return int256(uint256(self.inventory)) - int256(a.debt);
    }

    /// @notice Takes note of what the loan is, and counts what that differs from what it was expected to be as interest. Debt
    /// that grew is underlying sold at the oracle price, so that it does not show as a loss of the position too.
    function observe(State storage self, Action memory a, uint256 debt, uint256 collateral) internal {
        int256 owed = worth(int256(debt) - int256(a.debt), a.spot);
        int256 earned = (int256(collateral) - int256(a.collateral)) * INT_USDC_UNIT;
        if (owed != 0) self.cost = (self.cost - owed).toInt112();
        a.interest += earned - owed;
        (a.debt, a.collateral) = (debt, collateral);
    }

    /// @notice Books a fill of `amount` (positive bought) for `cash` USDC. Call before the inventory changes.
    /// @return loss What it cost against the oracle, WAD USDC; zero when it gained.
    function trade(State storage self, Action memory a, int256 amount, uint256 cash) internal returns (uint256 loss) {
        int256 fair = worth(amount, a.spot);
        int256 slippage = (amount > 0 ? int256(cash) : -int256(cash)) * INT_USDC_UNIT - fair;
        a.slippage += slippage;

        int256 position = net(self, a);
        int256 cost = self.cost;
        if (position != 0 && (position > 0) != (amount > 0)) {
            uint256 closed = Math.min(SignedMath.abs(amount), SignedMath.abs(position));
            int256 released = (cost * int256(closed)) / int256(SignedMath.abs(position));
            int256 closing = worth(amount > 0 ? int256(closed) : -int256(closed), a.spot);
            a.realised -= closing + released;
            cost -= released;
            fair -= closing; // what remains opens a position on the other side
        }
        self.cost = (cost + fair).toInt112();
        return slippage > 0 ? uint256(slippage) : 0;
    }

    /// @notice What a fill of `amount` (positive bought) for `cash` USDC cost more than at `price`, WAD USDC; zero when it gained.
    function lossAt(int256 amount, uint256 cash, uint256 price) internal pure returns (uint256) {
        int256 paid = (amount > 0 ? int256(cash) : -int256(cash)) * INT_USDC_UNIT;
        return uint256(SignedMath.max(paid - worth(amount, price), 0));
    }

    /// @notice Gain of what is open and worth of everything, after an action.
    function valuation(State storage self, Action memory a) internal view returns (int256 unrealised, int256 equity) {
        int256 value = worth(net(self, a), a.spot);
        unrealised = value - self.cost;
        equity = value + int256(a.collateral) * INT_USDC_UNIT;
    }
}
