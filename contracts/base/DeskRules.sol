// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IHedgeDesk} from "../interfaces/IHedgeDesk.sol";
import {ISwapVenue} from "../interfaces/ISwapVenue.sol";
import {DeskLimits} from "../libraries/DeskLimits.sol";

/// @title What governance decides about the desk
/// @dev What follows from it, budgets by lane and what has been seen, is in DeskLimits.
abstract contract DeskRules is IHedgeDesk, AccessManaged {
    using DeskLimits for DeskLimits.State;

    /// @inheritdoc IHedgeDesk
    mapping(ISwapVenue venue => bool) public isVenue;

    DeskLimits.State internal limits_;
    Lending private lending_;

    constructor(address authority, OrderRules memory initial, Budgets memory budgets_) AccessManaged(authority) {
        limits_.setRules(initial);
        limits_.setBudgets(budgets_);
    }

    /// @notice Allows or bans a venue. Role: GOVERNOR.
    function setVenue(ISwapVenue venue, bool allowed) external restricted {
        isVenue[venue] = allowed;
        emit VenueSet(venue, allowed);
    }

    /// @notice Replaces the rules. Role: GOVERNOR.
    function setRules(OrderRules calldata next) external restricted {
        limits_.setRules(next);
    }

    /// @notice Replaces the budgets; what is used up stays so. Role: GOVERNOR.
    function setBudgets(Budgets calldata next) external restricted {
        limits_.setBudgets(next);
    }

    /// @notice Replaces the short hedge's settings; another lender only while nothing is lent. Role: GOVERNOR.
    function setLending(Lending calldata next) external restricted {
        if (address(next.lender) != address(lending_.lender)) _requireNoLoan();
        DeskLimits.requireLending(next);
        lending_ = next;
        emit LendingSet(next);
    }

    /// @inheritdoc IHedgeDesk
    function rules() external view returns (OrderRules memory) {
        return limits_.rules;
    }

    /// @inheritdoc IHedgeDesk
    function budgets() external view returns (Budgets memory) {
        return limits_.budgets;
    }

    /// @inheritdoc IHedgeDesk
    function lending() public view returns (Lending memory) {
        return lending_;
    }

    /// @inheritdoc IHedgeDesk
    function bountyLeft() external view returns (uint256) {
        return limits_.bountyLeft();
    }

    /// @dev How far from the oracle a keeper's swap may fill.
    function _maxSlippageBps() internal view returns (uint256) {
        return limits_.rules.maxSlippageBps;
    }

    /// @dev Half-width of the emergency band in units of underlying, WAD.
    function _band(int256 nav, uint256 spot) internal view returns (uint256) {
        return limits_.band(nav, spot);
    }

    /// @dev Reverts while the present lender has money of the desk's, or is owed some.
    function _requireNoLoan() internal view virtual;
}
