// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAsyncShares} from "../interfaces/IAsyncShares.sol";
import {EpochQueue} from "../libraries/EpochQueue.sol";

/// @dev Shares have 18 decimals and USDC 6. These virtual shares, worth one unit of USDC, make it unprofitable to move the price
/// of a nearly empty pool (OpenZeppelin's defence against inflation attacks).
uint256 constant VIRTUAL_SHARES = 1e12;

/// @title The LPs' side of the vault: shares that are requested, priced once per epoch, and claimed
/// @dev Knows nothing of options: the inheriting vault says what the pool is worth and pays. Queued deposits and assets
/// set aside for redemptions are not part of the pool.
///
/// Bounds. While all USDC in the pool and its queue is less than 1e17 units (a hundred billion dollars), no request, fill
/// or claim overflows: redemptions are worth at most the pool, so their queue's sum stays under 1e24 · 1e17 < 2^144; and
/// deposits wait when a share is worth less than a millionth of what the first one cost (MAX_SHARES_PER_ASSET), so there
/// are never more than 1e18 · 1e17 < 2^128 shares and their queue's sum stays under 1e24 · 1e18.
abstract contract AsyncShares is IAsyncShares, ERC20, ReentrancyGuardTransient {
    using EpochQueue for EpochQueue.State;
    using SafeERC20 for IERC20;

    uint256 private constant VIRTUAL_ASSETS = 1;
    /// @dev The first shares cost one unit of USDC for 1e12. A pool a million times cheaper takes no deposits.
    uint256 private constant MAX_SHARES_PER_ASSET = 1e18;

    /// @dev ERC-7540's id for "one request per controller": a later request is added to what still waits.
    uint256 private constant REQUEST_ID = 0;

    IERC20 public immutable usdc;

    /// @inheritdoc IAsyncShares
    uint256 public reservedForRedemptions;

    /// @inheritdoc IAsyncShares
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    EpochQueue.State private deposits;
    EpochQueue.State private redemptions;

    /// @dev All accounts count in units of 1e-6 USDC: a token with other decimals is refused here, once for all.
    constructor(IERC20 usdc_) {
        uint8 units = IERC20Metadata(address(usdc_)).decimals();
        if (units != 6) revert UnsuitableAsset(address(usdc_), units);
        usdc = usdc_;
        deposits.open(1);
        redemptions.open(1e12); // USDC has that many fewer units than shares
        emit VaultUpdate(address(usdc_), address(this));
    }

    modifier onlyFor(address account) {
        _requireFor(account);
        _;
    }

    /// @dev An epoch that is over is priced next, at a price that can be foreseen: nobody may join it any more.
    modifier beforeEpochEnds() {
        _requireNotClosed(type(uint256).max);
        _;
    }

    /// @dev Nor leave it, unless it could not be processed for half an epoch: well before it is at any price.
    modifier beforeEpochEndsOrOverdue() {
        (, uint256 length) = _epochEnd();
        _requireNotClosed(length / 2);
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
    ) external nonReentrant beforeEpochEnds onlyFor(owner) returns (uint256) {
        _requireSomething(assets, controller);
        deposits.request(controller, assets);
        emit DepositRequest(controller, owner, REQUEST_ID, msg.sender, assets);
        usdc.safeTransferFrom(owner, address(this), assets);
        return REQUEST_ID;
    }

    /// @inheritdoc IAsyncShares
    function requestRedeem(
        uint256 shares,
        address controller,
        address owner
    ) external nonReentrant beforeEpochEnds returns (uint256) {
        _requireSomething(shares, controller);
        if (!_mayActFor(owner)) _spendAllowance(owner, msg.sender, shares);
        redemptions.request(controller, shares);
        emit RedeemRequest(controller, owner, REQUEST_ID, msg.sender, shares);
        _transfer(owner, address(this), shares);
        return REQUEST_ID;
    }

    /// @inheritdoc IAsyncShares
    function cancelDepositRequest(
        address controller,
        address receiver
    ) external nonReentrant beforeEpochEndsOrOverdue onlyFor(controller) returns (uint256 assets) {
        assets = deposits.cancel(controller);
        emit DepositRequestCancelled(controller, receiver, REQUEST_ID, msg.sender, assets);
        usdc.safeTransfer(receiver, assets);
    }

    /// @inheritdoc IAsyncShares
    function cancelRedeemRequest(
        address controller,
        address receiver
    ) external nonReentrant beforeEpochEndsOrOverdue onlyFor(controller) returns (uint256 shares) {
        shares = redemptions.cancel(controller);
        emit RedeemRequestCancelled(controller, receiver, REQUEST_ID, msg.sender, shares);
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

    /// @inheritdoc IAsyncShares
    function previewDeposit(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IAsyncShares
    function previewMint(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IAsyncShares
    function previewRedeem(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IAsyncShares
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    // Views

    /// @inheritdoc IAsyncShares
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return
            id == 0x01ffc9a7 || // ERC-165
            id == 0x2f0a18c5 || // ERC-7575, the vault
            id == 0xf815c03d || // ERC-7575, the share
            id == 0xe3bc4e65 || // ERC-7540, operators
            id == 0xce3bbe50 || // ERC-7540, asynchronous deposits
            id == 0x620ee8e4; // ERC-7540, asynchronous redemptions
    }

    /// @inheritdoc IAsyncShares
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IAsyncShares
    function vault(address asset_) external view returns (address) {
        return asset_ == address(usdc) ? address(this) : address(0);
    }

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
        return requestId == REQUEST_ID ? deposits.pendingOf(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == REQUEST_ID ? maxDeposit(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == REQUEST_ID ? redemptions.pendingOf(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return requestId == REQUEST_ID ? maxRedeem(controller) : 0;
    }

    /// @inheritdoc IAsyncShares
    function pendingTotals() external view returns (uint256 assetsIn, uint256 sharesIn) {
        return (deposits.pending, redemptions.pending);
    }

    /// @inheritdoc IAsyncShares
    function maxDeposit(address controller) public view returns (uint256) {
        return deposits.claimableOf(controller).input;
    }

    /// @inheritdoc IAsyncShares
    function maxMint(address controller) external view returns (uint256) {
        return deposits.claimableOf(controller).output;
    }

    /// @inheritdoc IAsyncShares
    function maxRedeem(address controller) public view returns (uint256) {
        return redemptions.claimableOf(controller).input;
    }

    /// @inheritdoc IAsyncShares
    function maxWithdraw(address controller) external view returns (uint256) {
        return redemptions.claimableOf(controller).output;
    }

    // For the vault

    /// @dev When the open epoch ends, unix seconds, and how long an epoch is.
    function _epochEnd() internal view virtual returns (uint256 endsAt, uint256 length);

    /// @dev What the pool is worth now, USDC.
    function _poolAssets() internal view virtual returns (uint256);

    /// @dev Mints shares for every queued deposit at `poolAssets` per `supply` shares. The assets now belong to the pool.
    /// Deposits wait (zeros are returned) while a share is all but worthless, or if they would not buy a single unit.
    function _fillDeposits(uint256 poolAssets, uint256 supply) internal returns (uint256 assetsIn, uint256 sharesOut) {
        (uint256 shares, uint256 assets) = (supply + VIRTUAL_SHARES, poolAssets + VIRTUAL_ASSETS);
        if (shares / assets >= MAX_SHARES_PER_ASSET) return (0, 0);
        assetsIn = deposits.pending;
        sharesOut = Math.mulDiv(assetsIn, shares, assets);
        if (sharesOut == 0) return (0, 0);
        deposits.fill(assetsIn, sharesOut);
        _mint(address(this), sharesOut);
    }

    /// @dev Shares that want to leave.
    function _queuedShares() internal view returns (uint256) {
        return redemptions.pending;
    }

    /// @dev What the queued redemptions are worth at `poolAssets` per `supply` shares.
    function _queuedRedemptions(
        uint256 poolAssets,
        uint256 supply
    ) internal view returns (uint256 sharesIn, uint256 assetsOut) {
        sharesIn = redemptions.pending;
        assetsOut = Math.mulDiv(sharesIn, poolAssets + VIRTUAL_ASSETS, supply + VIRTUAL_SHARES);
    }

    /// @dev Burns `sharesIn` of the queued shares, taken from all requests in proportion, and sets `assetsOut` aside for
    /// them. The rest waits for the next epoch. The caller takes the assets out of the pool.
    function _fillRedemptions(uint256 sharesIn, uint256 assetsOut) internal {
        redemptions.fill(sharesIn, assetsOut);
        reservedForRedemptions += assetsOut;
        _burn(address(this), sharesIn);
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

    function _mayActFor(address account) private view returns (bool) {
        return account == msg.sender || isOperator[account][msg.sender];
    }

    function _requireFor(address account) private view {
        if (!_mayActFor(account)) revert Unauthorized(msg.sender);
    }

    /// @dev The queue closes when the epoch ends, for `seconds_` or until it is processed.
    function _requireNotClosed(uint256 seconds_) private view {
        (uint256 endsAt, ) = _epochEnd();
        if (block.timestamp >= endsAt && block.timestamp - endsAt < seconds_) revert EpochOver(endsAt);
    }

    function _requireSomething(uint256 amount, address controller) private pure {
        if (amount == 0) revert ZeroAmount();
        if (controller == address(0)) revert ZeroAddress();
    }
}
