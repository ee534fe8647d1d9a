// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice As much of Aave as a loan can tell: how it rounds, what it refuses, and what stands in the way of a withdrawal.
/// Plays pool, data provider, aToken, debt token and oracle of two reserves, USDC (0) and the underlying (1).
/// `isNewer`: as from v3.5 on (supply and repay down, withdraw and borrow up, balances down, debts up); else half up. USDC that
/// was merely sent to it cannot be withdrawn ("virtual balance", from v3.1 on).
contract AaveStandIn {
    using SafeERC20 for IERC20;

    uint256 private constant RAY = 1e27;

    IERC20 public immutable base;
    IERC20 public immutable quote;
    bool public immutable isNewer;
    uint256 private immutable start;
    uint256 public basePrice = 3000e8;
    uint256 public virtualBalance;
    mapping(address user => uint256) public scaledBalanceOf;
    mapping(address user => uint256) public scaledDebtOf;
    /// @dev Two bits a reserve: owed, used as collateral. The underlying's loan-to-value is zero.
    mapping(address user => uint256) public getUserConfiguration;
    bool public refusesPayment;

    error InvalidMintAmount();
    error InvalidBurnAmount();
    error NotEnoughAvailableUserBalance();
    error NotEnoughLiquidity();
    error LtvValidationFailed();
    error HealthFactorTooLow();
    error PaymentRefused();

    constructor(IERC20 base_, IERC20 quote_, bool isNewer_) {
        (base, quote, isNewer, start) = (base_, quote_, isNewer_, block.timestamp);
    }

    function setBasePrice(uint256 price) external {
        basePrice = price;
    }

    function setRefusesPayment(bool refuses) external {
        refusesPayment = refuses;
    }

    /// @notice Somebody supplies one wei of the underlying for `user`, whose loan-to-value is zero.
    function dust(address user) external {
        getUserConfiguration[user] |= 1 << 3;
    }

    function setCollateralFlags(address user, uint256 flags) external {
        getUserConfiguration[user] = flags;
    }

    /// @notice Liquidity that others supplied.
    function fund(uint256 assets) external {
        quote.safeTransferFrom(msg.sender, address(this), assets);
        virtualBalance += assets;
    }

    /// @notice Others borrow liquidity away.
    function drain(uint256 assets, address to) external {
        virtualBalance -= assets;
        quote.safeTransfer(to, assets);
    }

    function getReserveNormalizedIncome(address) public view returns (uint256) {
        return 1.0731e27 + (RAY * 350 * (block.timestamp - start)) / (365 days * 1e4);
    }

    function debtIndex() public view returns (uint256) {
        return 1.0412e27 + (RAY * 260 * (block.timestamp - start)) / (365 days * 1e4);
    }

    /// @notice The debt of `user`: this plays the debt token, and the aToken only by its scaled balance.
    function balanceOf(address user) public view returns (uint256) {
        return _times(scaledDebtOf[user], debtIndex(), true);
    }

    function supply(address, uint256 amount, address onBehalfOf, uint16) external {
        quote.safeTransferFrom(msg.sender, address(this), amount);
        uint256 minted = _over(amount, getReserveNormalizedIncome(address(0)), false);
        if (minted == 0) revert InvalidMintAmount();
        if (scaledBalanceOf[onBehalfOf] == 0) getUserConfiguration[onBehalfOf] |= 1 << 1;
        scaledBalanceOf[onBehalfOf] += minted;
        virtualBalance += amount;
    }

    function withdraw(address, uint256 amount, address to) external returns (uint256) {
        uint256 index = getReserveNormalizedIncome(address(0));
        if (amount > _times(scaledBalanceOf[msg.sender], index, false)) revert NotEnoughAvailableUserBalance();
        uint256 burned = _over(amount, index, true);
        if (burned == 0) revert InvalidBurnAmount();
        if (burned > scaledBalanceOf[msg.sender]) revert NotEnoughAvailableUserBalance();
        if (amount > virtualBalance) revert NotEnoughLiquidity();
        scaledBalanceOf[msg.sender] -= burned;
        virtualBalance -= amount;
        if (balanceOf(msg.sender) > 0) {
            if (getUserConfiguration[msg.sender] & (1 << 3) != 0) revert LtvValidationFailed();
            _requireHealth(msg.sender);
        }
        quote.safeTransfer(to, amount);
        return amount;
    }

    function borrow(address, uint256 amount, uint256, uint16, address onBehalfOf) external {
        scaledDebtOf[onBehalfOf] += _over(amount, debtIndex(), true);
        if (getUserConfiguration[onBehalfOf] & (1 << 1) == 0) revert HealthFactorTooLow();
        _requireHealth(onBehalfOf);
        base.safeTransfer(msg.sender, amount);
    }

    function repay(address, uint256 amount, uint256, address onBehalfOf) external returns (uint256 paid) {
        if (refusesPayment) revert PaymentRefused();
        uint256 owed = balanceOf(onBehalfOf);
        if (owed == 0) revert InvalidBurnAmount();
        paid = amount < owed ? amount : owed;
        uint256 burned = paid == owed ? scaledDebtOf[onBehalfOf] : _over(paid, debtIndex(), false);
        if (burned == 0) revert InvalidBurnAmount();
        scaledDebtOf[onBehalfOf] -= burned;
        base.safeTransferFrom(msg.sender, address(this), paid);
    }

    function setUserUseReserveAsCollateral(address asset, bool isUsed) external {
        uint256 flag = asset == address(quote) ? 1 << 1 : 1 << 3;
        if (isUsed) getUserConfiguration[msg.sender] |= flag;
        else getUserConfiguration[msg.sender] &= ~flag;
    }

    function getReserveAddressById(uint16 id) external view returns (address) {
        return address(id == 0 ? quote : base);
    }

    function getVirtualUnderlyingBalance(address) external view returns (uint128) {
        return uint128(virtualBalance);
    }

    /// @notice Loan-to-value 75 %, threshold 78 %, active, open for borrowing.
    function getConfiguration(address) external pure returns (uint256) {
        return 7500 | (7800 << 16) | (1 << 56) | (1 << 58);
    }

    // solhint-disable-next-line func-name-mixedcase
    function ADDRESSES_PROVIDER() external view returns (address) {
        return address(this);
    }

    function getPriceOracle() external view returns (address) {
        return address(this);
    }

    function getAssetPrice(address asset) external view returns (uint256) {
        return asset == address(base) ? basePrice : 1e8;
    }

    function getReserveTokensAddresses(address) external view returns (address, address, address) {
        return (address(this), address(this), address(this));
    }

    function _requireHealth(address user) private view {
        uint256 weighed = _times(scaledBalanceOf[user], getReserveNormalizedIncome(address(0)), false) * 1e20 * 7800;
        if (weighed < balanceOf(user) * basePrice * 1e4) revert HealthFactorTooLow();
    }

    function _over(uint256 amount, uint256 index, bool up) private view returns (uint256) {
        if (!isNewer) return (amount * RAY + index / 2) / index;
        return up ? (amount * RAY + index - 1) / index : (amount * RAY) / index;
    }

    function _times(uint256 scaled, uint256 index, bool up) private view returns (uint256) {
        if (!isNewer) return (scaled * index + RAY / 2) / RAY;
        return up ? (scaled * index + RAY - 1) / RAY : (scaled * index) / RAY;
    }
}
