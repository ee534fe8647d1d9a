// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IHedgeDesk} from "./interfaces/IHedgeDesk.sol";
import {IHedgePosition} from "./interfaces/IHedgePosition.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {ISwapVenue} from "./interfaces/ISwapVenue.sol";

/// @title The long hedge: inventory of the underlying, changed only towards neutral
/// @dev Inventory is an account of its own, fed by what swaps deliver; tokens sent here by anyone change nothing.
contract HedgeDesk is IHedgeDesk, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;
    uint256 private constant USDC_UNIT = 1e12;
    uint256 private constant HIGHEST_SLIPPAGE_BPS = 500;

    IOptionVault public immutable vault;
    IERC20 public immutable usdc;
    IERC20 public immutable base;

    /// @notice Underlying held, in its own 18 decimals.
    uint256 public inventory;
    /// @notice How far from the oracle price a swap may fill, in basis points.
    uint256 public maxSlippageBps;
    mapping(ISwapVenue venue => bool) public isVenue;

    constructor(
        address authority,
        IOptionVault vault_,
        IERC20 base_,
        uint256 maxSlippageBps_
    ) AccessManaged(authority) {
        vault = vault_;
        usdc = IERC20(vault_.asset());
        base = base_;
        _setMaxSlippage(maxSlippageBps_);
        usdc.forceApprove(address(vault_), type(uint256).max); // the vault pulls what the desk returns
    }

    /// @notice Allows or bans a venue. Role: GOVERNOR.
    function setVenue(ISwapVenue venue, bool allowed) external restricted {
        isVenue[venue] = allowed;
        emit VenueSet(venue, allowed);
    }

    /// @notice Role: GOVERNOR.
    function setMaxSlippage(uint256 next) external restricted {
        _setMaxSlippage(next);
    }

    /// @inheritdoc IHedgeDesk
    function rebalance(Order calldata order) external nonReentrant restricted returns (uint256 cash) {
        if (block.timestamp > order.deadline) revert DeadlinePassed(order.deadline, block.timestamp);
        if (!isVenue[order.venue]) revert VenueNotAllowed(order.venue);
        IOptionVault.Mark memory mark = vault.mark(); // exact, at the live oracle price
        int256 before = int256(mark.delta) + int256(inventory);
        _requireTowardsNeutral(order.amount, before);

        cash = order.amount > 0 ? _buy(order, mark.spot) : _sell(order, mark.spot);
        emit Rebalanced(msg.sender, order.venue, order.amount, cash, mark.spot, before, before + order.amount);
    }

    /// @inheritdoc IHedgePosition
    function hedgeDelta() public view returns (int256) {
        return int256(inventory);
    }

    /// @inheritdoc IHedgePosition
    function equity(uint256 spot) external view returns (int256) {
        return int256(Math.mulDiv(inventory, spot, WAD));
    }

    /// @inheritdoc IHedgeDesk
    function netDelta() external view returns (int256) {
        (IOptionVault.Mark memory mark, ) = vault.currentMark();
        return int256(mark.delta) + hedgeDelta();
    }

    function _buy(Order calldata order, uint256 spot) private returns (uint256 spent) {
        uint256 amount = uint256(order.amount);
        uint256 fair = Math.mulDiv(amount, spot, WAD * USDC_UNIT);
        uint256 limit = Math.min(order.cashLimit, Math.mulDiv(fair, BPS + maxSlippageBps, BPS));
        uint256 usdcBefore = usdc.balanceOf(address(this));
        uint256 baseBefore = base.balanceOf(address(this));

        inventory += amount;
        vault.fundHedge(limit);
        usdc.forceApprove(address(order.venue), limit);
        order.venue.buy(amount, limit, order.route);
        usdc.forceApprove(address(order.venue), 0);

        uint256 filled = base.balanceOf(address(this)) - baseBefore;
        if (filled != amount) revert FilledWrongAmount(amount, filled);
        uint256 left = usdc.balanceOf(address(this)) - usdcBefore;
        spent = limit - left;
        if (left > 0) vault.returnFromHedge(left);
    }

    function _sell(Order calldata order, uint256 spot) private returns (uint256 received) {
        uint256 amount = uint256(-order.amount);
        if (amount > inventory) revert InventoryExceeded(amount, inventory);
        uint256 fair = Math.mulDiv(amount, spot, WAD * USDC_UNIT, Math.Rounding.Ceil);
        uint256 limit = Math.max(order.cashLimit, Math.mulDiv(fair, BPS - maxSlippageBps, BPS, Math.Rounding.Ceil));
        uint256 usdcBefore = usdc.balanceOf(address(this));
        uint256 baseBefore = base.balanceOf(address(this));

        inventory -= amount;
        base.forceApprove(address(order.venue), amount);
        order.venue.sell(amount, limit, order.route);
        base.forceApprove(address(order.venue), 0);

        uint256 filled = baseBefore - base.balanceOf(address(this));
        if (filled != amount) revert FilledWrongAmount(amount, filled);
        received = usdc.balanceOf(address(this)) - usdcBefore;
        if (received < limit) revert SlippageExceeded(received, limit);
        vault.returnFromHedge(received);
    }

    /// @dev Opposite in sign to the net delta and no larger: |net delta| shrinks and never passes zero.
    function _requireTowardsNeutral(int256 amount, int256 net) private pure {
        if (amount == 0) revert ZeroAmount();
        bool reduces = amount > 0 ? amount <= -net : amount >= -net;
        if (!reduces) revert NotTowardsNeutral(amount, net);
    }

    function _setMaxSlippage(uint256 next) private {
        if (next == 0 || next > HIGHEST_SLIPPAGE_BPS) revert InvalidSlippage(next);
        maxSlippageBps = next;
        emit MaxSlippageSet(next);
    }
}
