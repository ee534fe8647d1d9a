// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IHedgeDesk} from "../interfaces/IHedgeDesk.sol";
import {ISwapVenue} from "../interfaces/ISwapVenue.sol";

/// @title What governance decides about the desk, and the budgets that follow from it
/// @dev Budgets count in shares of NAV, so that nothing has to be set anew when NAV changes. A bucket holds a quarter of
/// the day's budget and refills as much a day: whenever 24 hours begin, a lane sees at most half, two lanes at most all.
abstract contract DeskRules is IHedgeDesk, AccessManaged {
    using RateLimiter for RateLimiter.RefillingBucket;

    uint256 internal constant BPS = 10_000;
    uint256 internal constant WAD = 1e18;
    /// @dev WAD USDC per unit of USDC (6 decimals).
    uint256 internal constant USDC_UNIT = 1e12;

    uint48 private constant BUDGET_WINDOW = 1 days;
    uint128 private constant BUCKETS_PER_DAY = 4;
    bytes32 private constant BOUNTY = bytes32(0);

    /// @inheritdoc IHedgeDesk
    mapping(ISwapVenue venue => bool) public isVenue;

    Rules private rules_;
    Budgets private budgets_;
    Lending private lending_;
    RateLimiter.RefillingBucket private turnover_;
    RateLimiter.RefillingBucket private losses_;
    RateLimiter.RefillingBucket private bounties_;

    constructor(address authority, Rules memory initial, Budgets memory budgets__) AccessManaged(authority) {
        _setRules(initial);
        _setBudgets(budgets__);
    }

    /// @notice Allows or bans a venue. Role: GOVERNOR.
    function setVenue(ISwapVenue venue, bool allowed) external restricted {
        isVenue[venue] = allowed;
        emit VenueSet(venue, allowed);
    }

    /// @notice Replaces the rules. Role: GOVERNOR.
    function setRules(Rules calldata next) external restricted {
        _setRules(next);
    }

    /// @notice Replaces the budgets; what is used up stays so. Role: GOVERNOR.
    function setBudgets(Budgets calldata next) external restricted {
        _setBudgets(next);
    }

    /// @notice Replaces the short hedge's settings; another lender only while nothing is lent. Role: GOVERNOR.
    function setLending(Lending calldata next) external restricted {
        if (address(next.lender) != address(lending_.lender)) _requireNoLoan();
        if (next.minHealth < 11_000 || next.minHealth > 30_000) revert InvalidRules("minHealth");
        if (next.targetHealth < next.minHealth + 1_000 || next.targetHealth > 50_000)
            revert InvalidRules("targetHealth");
        lending_ = next;
        emit LendingSet(next);
    }

    /// @inheritdoc IHedgeDesk
    function rules() public view returns (Rules memory) {
        return rules_;
    }

    /// @inheritdoc IHedgeDesk
    function budgets() external view returns (Budgets memory) {
        return budgets_;
    }

    /// @inheritdoc IHedgeDesk
    function lending() public view returns (Lending memory) {
        return lending_;
    }

    /// @inheritdoc IHedgeDesk
    function budgetLeft(Lane lane) external view returns (uint256 turnover, uint256 loss) {
        return (turnover_.available(_key(lane)), losses_.available(_key(lane)));
    }

    /// @inheritdoc IHedgeDesk
    function bountyLeft() external view returns (uint256) {
        return bounties_.available(BOUNTY);
    }

    /// @dev Charges a fill to a lane. `notional`, `loss` and `nav` are WAD USDC; shares round up.
    function _charge(Lane lane, uint256 notional, uint256 loss, int256 nav) internal {
        uint256 whole = _budgetNav(nav);
        uint256 share = Math.ceilDiv(notional * WAD, whole);
        if (!turnover_.tryConsume(_key(lane), share)) revert TurnoverExceeded(share, turnover_.available(_key(lane)));
        share = Math.ceilDiv(loss * WAD, whole);
        if (!losses_.tryConsume(_key(lane), share)) revert LossExceeded(share, losses_.available(_key(lane)));
    }

    /// @dev The bounty for having traded `notional` (WAD USDC), at most `free`: USDC, rounded down, and no longer available.
    function _drawBounty(uint256 notional, uint256 free) internal returns (uint256 assets) {
        assets = Math.mulDiv(notional, rules_.bountyBps, BPS * USDC_UNIT);
        assets = Math.min(assets, Math.min(free, bounties_.available(BOUNTY)));
        bounties_.consume(BOUNTY, assets);
    }

    /// @dev How far from the oracle a keeper's swap may fill.
    function _maxSlippageBps() internal view returns (uint256) {
        return rules_.maxSlippageBps;
    }

    /// @dev Half-width of the emergency band in units of underlying, WAD.
    function _band(int256 nav, uint256 spot) internal view returns (uint256) {
        return Math.mulDiv((_budgetNav(nav) * rules_.bandBps) / BPS, WAD, spot);
    }

    function _budgetNav(int256 nav) private view returns (uint256) {
        uint256 least = uint256(rules_.minBudgetNav) * USDC_UNIT;
        return nav > int256(least) ? uint256(nav) : least;
    }

    function _setRules(Rules memory next) private {
        if (next.maxSlippageBps == 0 || next.maxSlippageBps > 500) revert InvalidRules("maxSlippageBps");
        if (next.openSlippageBps == 0 || next.openSlippageBps > next.maxSlippageBps) {
            revert InvalidRules("openSlippageBps");
        }
        if (next.bandBps == 0 || next.bandBps > BPS / 2) revert InvalidRules("bandBps");
        if (next.gracePeriod < 5 minutes || next.gracePeriod > 1 days) revert InvalidRules("gracePeriod");
        if (next.bountyBps > 20) revert InvalidRules("bountyBps");
        if (next.bountyCap > 10_000e6) revert InvalidRules("bountyCap");
        if (next.bountyInterval < 1 hours || next.bountyInterval > 30 days) revert InvalidRules("bountyInterval");
        if (next.minBudgetNav == 0 || next.minBudgetNav > 1_000_000_000e6) revert InvalidRules("minBudgetNav");
        rules_ = next;
        bounties_.updateSettings(next.bountyInterval, next.bountyCap);
        emit RulesSet(next);
    }

    function _setBudgets(Budgets memory next) private {
        if (next.turnover < 0.01e18 || next.turnover > 1_000e18) revert InvalidRules("turnover");
        if (next.loss < 0.0001e18 || next.loss > 0.05e18) revert InvalidRules("loss");
        budgets_ = next;
        turnover_.updateSettings(BUDGET_WINDOW, next.turnover / BUCKETS_PER_DAY);
        losses_.updateSettings(BUDGET_WINDOW, next.loss / BUCKETS_PER_DAY);
        emit BudgetsSet(next);
    }

    function _key(Lane lane) private pure returns (bytes32) {
        return bytes32(uint256(lane));
    }

    /// @dev Reverts while the present lender has money of the desk's, or is owed some.
    function _requireNoLoan() internal view virtual;
}
