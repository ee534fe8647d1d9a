// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAsyncShares} from "../interfaces/IAsyncShares.sol";
import {EpochQueue} from "../libraries/EpochQueue.sol";

/// @title The LPs' side of the vault: shares that are requested, priced once per epoch, and claimed
/// @dev Knows nothing of options: the inheriting vault says what the pool is worth and pays. Queued deposits and assets
/// set aside for redemptions are not part of the pool.
abstract contract AsyncShares is IAsyncShares, ERC20, ReentrancyGuardTransient {
    using EpochQueue for EpochQueue.State;
    using SafeERC20 for IERC20;

    /// @dev Shares have 18 decimals and USDC 6. These virtual shares, worth one unit of USDC, make it unprofitable to
    /// move the price of a nearly empty pool (OpenZeppelin's defence against inflation attacks).
    uint256 private constant VIRTUAL_SHARES = 1e12;
    uint256 private constant VIRTUAL_ASSETS = 1;

    IERC20 public immutable usdc;

    /// @notice USDC set aside for filled redemptions, until claimed.
    uint256 public reservedForRedemptions;

    /// @inheritdoc IAsyncShares
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    EpochQueue.State private deposits;
    EpochQueue.State private redemptions;

    constructor(IERC20 usdc_) {
        usdc = usdc_;
    }

    modifier onlyFor(address account) {
        if (account != msg.sender && !isOperator[account][msg.sender]) revert Unauthorized(msg.sender);
        _;
    }

    /// @dev An epoch that is over is priced next, at a price that can be foreseen: nobody may join it any more.
    modifier beforeEpochEnds() {
        (uint256 endsAt, ) = _epochEnd();
        if (block.timestamp >= endsAt) revert EpochOver(endsAt);
        _;
    }

    /// @dev Nor leave it, unless it could not be processed for a whole epoch's length.
    modifier beforeEpochEndsOrOverdue() {
        (uint256 endsAt, uint256 length) = _epochEnd();
        if (block.timestamp >= endsAt && block.timestamp < endsAt + length) revert EpochOver(endsAt);
        _;
    }

    // Requests

    /// @inheritdoc IAsyncShares
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IAsyncShares
    function requestDeposit(
        uint256 assets,
        address controller,
        address owner
    ) external nonReentrant beforeEpochEnds onlyFor(owner) returns (uint256 requestId) {
        if (assets == 0) revert ZeroAmount();
        if (controller == address(0)) revert ZeroAddress();
        requestId = deposits.request(controller, assets);
        emit DepositRequest(controller, owner, requestId, msg.sender, assets);
        usdc.safeTransferFrom(owner, address(this), assets);
    }

    /// @inheritdoc IAsyncShares
    function requestRedeem(
        uint256 shares,
        address controller,
        address owner
    ) external nonReentrant beforeEpochEnds returns (uint256 requestId) {
        if (shares == 0) revert ZeroAmount();
        if (controller == address(0)) revert ZeroAddress();
        if (owner != msg.sender && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);
        requestId = redemptions.request(controller, shares);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
        _transfer(owner, address(this), shares);
    }

    /// @inheritdoc IAsyncShares
    function cancelDepositRequest(
        address controller,
        address receiver
    ) external nonReentrant beforeEpochEndsOrOverdue onlyFor(controller) returns (uint256 assets) {
        uint256 requestId = deposits.epoch;
        assets = deposits.cancel(controller);
        emit DepositRequestCancelled(controller, requestId, assets);
        usdc.safeTransfer(receiver, assets);
    }

    /// @inheritdoc IAsyncShares
    function cancelRedeemRequest(
        address controller,
        address receiver
    ) external nonReentrant beforeEpochEndsOrOverdue onlyFor(controller) returns (uint256 shares) {
        uint256 requestId = redemptions.epoch;
        shares = redemptions.cancel(controller);
        emit RedeemRequestCancelled(controller, requestId, shares);
        _transfer(address(this), receiver, shares);
    }

    // Claims

    /// @inheritdoc IAsyncShares
    function deposit(uint256 assets, address receiver) external returns (uint256) {
        return deposit(assets, receiver, msg.sender);
    }

    /// @inheritdoc IAsyncShares
    function deposit(
        uint256 assets,
        address receiver,
        address controller
    ) public nonReentrant onlyFor(controller) returns (uint256 shares) {
        shares = deposits.takeInput(controller, assets);
        _deliverShares(controller, receiver, assets, shares);
    }

    /// @inheritdoc IAsyncShares
    function mint(uint256 shares, address receiver) external returns (uint256) {
        return mint(shares, receiver, msg.sender);
    }

    /// @inheritdoc IAsyncShares
    function mint(
        uint256 shares,
        address receiver,
        address controller
    ) public nonReentrant onlyFor(controller) returns (uint256 assets) {
        assets = deposits.takeOutput(controller, shares);
        _deliverShares(controller, receiver, assets, shares);
    }

    /// @inheritdoc IAsyncShares
    function redeem(
        uint256 shares,
        address receiver,
        address controller
    ) external nonReentrant onlyFor(controller) returns (uint256 assets) {
        assets = redemptions.takeInput(controller, shares);
        _deliverAssets(controller, receiver, assets, shares);
    }

    /// @inheritdoc IAsyncShares
    function withdraw(
        uint256 assets,
        address receiver,
        address controller
    ) external nonReentrant onlyFor(controller) returns (uint256 shares) {
        shares = redemptions.takeOutput(controller, assets);
        _deliverAssets(controller, receiver, assets, shares);
    }

    // Views

    /// @inheritdoc IAsyncShares
    function asset() external view returns (address) {
        return address(usdc);
    }

    /// @inheritdoc IAsyncShares
    function totalAssets() public view returns (uint256) {
        return _poolAssets();
    }

    /// @inheritdoc IAsyncShares
    function convertToShares(uint256 assets) external view returns (uint256) {
        return _toSharesDown(assets, _poolAssets());
    }

    /// @inheritdoc IAsyncShares
    function convertToAssets(uint256 shares) external view returns (uint256) {
        return _toAssetsDown(shares, _poolAssets());
    }

    /// @inheritdoc IAsyncShares
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == deposits.epoch ? deposits.pendingOf(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == redemptions.epoch ? redemptions.pendingOf(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function pendingTotals() external view returns (uint256 assetsIn, uint256 sharesIn) {
        return (deposits.pending, redemptions.pending);
    }

    /// @inheritdoc IAsyncShares
    function maxDeposit(address controller) external view returns (uint256 assets) {
        (assets, ) = deposits.claimableOf(controller);
    }

    /// @inheritdoc IAsyncShares
    function maxMint(address controller) external view returns (uint256 shares) {
        (, shares) = deposits.claimableOf(controller);
    }

    /// @inheritdoc IAsyncShares
    function maxRedeem(address controller) external view returns (uint256 shares) {
        (shares, ) = redemptions.claimableOf(controller);
    }

    /// @inheritdoc IAsyncShares
    function maxWithdraw(address controller) external view returns (uint256 assets) {
        (, assets) = redemptions.claimableOf(controller);
    }

    // For the vault

    /// @dev When the open epoch ends, unix seconds, and how long an epoch is.
    function _epochEnd() internal view virtual returns (uint256 endsAt, uint256 length);

    /// @dev What the pool is worth now, USDC.
    function _poolAssets() internal view virtual returns (uint256);

    /// @dev Mints shares for every queued deposit at `poolAssets` per all shares. The assets now belong to the pool.
    function _fillDeposits(uint256 poolAssets, uint256 supply) internal returns (uint256 assetsIn, uint256 sharesOut) {
        assetsIn = deposits.pending;
        if (assetsIn == 0) return (0, 0);
        sharesOut = Math.mulDiv(assetsIn, supply + VIRTUAL_SHARES, poolAssets + VIRTUAL_ASSETS);
        deposits.close(sharesOut);
        _mint(address(this), sharesOut);
    }

    /// @dev Burns every queued share and sets `assetsOut` aside. The caller takes them out of the pool.
    function _fillRedemptions(uint256 assetsOut) internal returns (uint256 sharesIn) {
        sharesIn = redemptions.pending;
        redemptions.close(assetsOut);
        reservedForRedemptions += assetsOut;
        _burn(address(this), sharesIn);
    }

    /// @dev What the queued redemptions are worth at `poolAssets` per `supply` shares.
    function _queuedRedemptions(
        uint256 poolAssets,
        uint256 supply
    ) internal view returns (uint256 sharesIn, uint256 assetsOut) {
        sharesIn = redemptions.pending;
        assetsOut = Math.mulDiv(sharesIn, poolAssets + VIRTUAL_ASSETS, supply + VIRTUAL_SHARES);
    }

    function _toSharesDown(uint256 assets, uint256 poolAssets) private view returns (uint256) {
        return Math.mulDiv(assets, totalSupply() + VIRTUAL_SHARES, poolAssets + VIRTUAL_ASSETS);
    }

    function _toAssetsDown(uint256 shares, uint256 poolAssets) private view returns (uint256) {
        return Math.mulDiv(shares, poolAssets + VIRTUAL_ASSETS, totalSupply() + VIRTUAL_SHARES);
    }

    function _deliverShares(address controller, address receiver, uint256 assets, uint256 shares) private {
        emit Deposit(controller, receiver, assets, shares);
        _transfer(address(this), receiver, shares);
    }

    function _deliverAssets(address controller, address receiver, uint256 assets, uint256 shares) private {
        reservedForRedemptions -= assets;
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        usdc.safeTransfer(receiver, assets);
    }
}
