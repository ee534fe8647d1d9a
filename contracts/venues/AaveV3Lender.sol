// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILender} from "../interfaces/ILender.sol";
import {
    IAaveAddressesProvider,
    IAaveDataProvider,
    IAaveOracle,
    IAavePool,
    IScaledBalance
} from "../interfaces/external/IAaveV3.sol";
import {BPS} from "../libraries/Units.sol";

/// @title The desk's loan on Aave v3: USDC in, the underlying out, at the variable rate
/// @notice Debt is what Aave says it is. Collateral is counted here, before interest, and the lower of this count and
/// Aave's counts: aTokens that someone sends change nothing, and what a liquidator took is missed at once. Whoever repays
/// for the desk makes it a present.
/// @dev Works with any Aave from v3.0 on, however it rounds: what is counted is what Aave's scaled balance changed by, and
/// what is asked for is rounded down. Whoever supplies another asset for this contract makes it collateral, and Aave then
/// lets no collateral go while that asset's loan-to-value is zero: see {_dropForeignCollateral}.
contract AaveV3Lender is ILender {
    using SafeERC20 for IERC20;

    uint256 private constant RAY = 1e27;
    uint256 private constant VARIABLE_RATE = 2;
    uint16 private constant NO_REFERRAL = 0;

    // Where Aave keeps a reserve's settings in its packed word.
    uint256 private constant BPS_MASK = 0xffff;
    uint256 private constant THRESHOLD_SHIFT = 16;
    uint256 private constant ACTIVE = 1 << 56;
    uint256 private constant FROZEN = 1 << 57;
    uint256 private constant BORROWING = 1 << 58;
    uint256 private constant PAUSED = 1 << 60;
    /// @dev The second of a reserve's two bits in a user's configuration.
    uint256 private constant USED_AS_COLLATERAL = 1 << 1;

    address public immutable desk;
    IAavePool public immutable pool;
    IAaveAddressesProvider private immutable provider;
    IERC20 public immutable base;
    IERC20 public immutable quote;
    IERC20 public immutable quoteAToken;
    IERC20 public immutable baseDebtToken;
    uint256 private immutable baseUnit;
    uint256 private immutable quoteUnit;

    /// @notice Collateral of the desk's before interest, in Aave's scaled units.
    uint256 public scaledCollateral;

    constructor(address desk_, IAavePool pool_, IAaveDataProvider data, IERC20Metadata base_, IERC20Metadata quote_) {
        desk = desk_;
        pool = pool_;
        provider = pool_.ADDRESSES_PROVIDER();
        base = base_;
        quote = quote_;
        (address aToken, , ) = data.getReserveTokensAddresses(address(quote_));
        (, , address debtToken) = data.getReserveTokensAddresses(address(base_));
        quoteAToken = IERC20(aToken);
        baseDebtToken = IERC20(debtToken);
        baseUnit = 10 ** base_.decimals();
        quoteUnit = 10 ** quote_.decimals();
        base.forceApprove(address(pool_), type(uint256).max);
        quote.forceApprove(address(pool_), type(uint256).max);
    }

    modifier onlyDesk() {
        if (msg.sender != desk) revert OnlyDesk(msg.sender);
        _;
    }

    /// @inheritdoc ILender
    function borrow(
        uint256 collateral,
        uint256 amount,
        address to
    ) external onlyDesk returns (uint256 supplied, uint256 borrowed) {
        if (collateral > 0) supplied = _supply(collateral);
        if (supplied < collateral) {
            quote.safeTransfer(msg.sender, collateral - supplied);
            return (supplied, 0);
        }
        if (amount == 0 || !_tryBorrow(amount)) return (supplied, 0);
        base.safeTransfer(to, amount);
        return (supplied, amount);
    }

    /// @inheritdoc ILender
    function repay(
        uint256 amount,
        uint256 collateral,
        address to
    ) external onlyDesk returns (uint256 repaid, uint256 released) {
        if (amount > 0) {
            // Aave refuses to be paid for nothing: someone may have repaid everything, or it would round a crumb away.
            try pool.repay(address(base), amount, VARIABLE_RATE, address(this)) returns (uint256 paid) {
                repaid = paid;
            } catch {}
            if (repaid < amount) base.safeTransfer(msg.sender, amount - repaid);
            if (repaid == 0 && baseDebtToken.balanceOf(address(this)) > 0) return (0, 0);
        }
        if (collateral > 0) released = _release(collateral, to);
    }

    /// @inheritdoc ILender
    function balances() public view returns (uint256 debt, uint256 collateral) {
        debt = baseDebtToken.balanceOf(address(this));
        // Half up, as Aave counted up to v3.4. What is released is rounded down, so that any Aave pays it.
        uint256 scaled = Math.min(scaledCollateral, _scaledBalance());
        collateral = (scaled * pool.getReserveNormalizedIncome(address(quote)) + RAY / 2) / RAY;
    }

    /// @inheritdoc ILender
    /// @dev What Aave's own account data say, without the reserves that the desk has nothing in: a fifth of the gas.
    function health() external view returns (uint256) {
        (uint256 debt, uint256 collateral) = balances();
        if (debt == 0) return type(uint256).max;
        IAaveOracle oracle = IAaveOracle(provider.getPriceOracle());
        uint256 owed = debt * oracle.getAssetPrice(address(base)) * quoteUnit;
        uint256 threshold = (pool.getConfiguration(address(quote)) >> THRESHOLD_SHIFT) & BPS_MASK;
        uint256 weighed = collateral * oracle.getAssetPrice(address(quote)) * threshold * baseUnit;
        return Math.mulDiv(weighed, 1e18, owed * BPS);
    }

    /// @inheritdoc ILender
    function terms() external view returns (LoanTerms memory t) {
        uint256 collateral = pool.getConfiguration(address(quote));
        uint256 loan = pool.getConfiguration(address(base));
        t.ltvBps = collateral & BPS_MASK;
        t.thresholdBps = (collateral >> THRESHOLD_SHIFT) & BPS_MASK;
        bool collateralMoves = collateral & ACTIVE != 0 && collateral & PAUSED == 0;
        t.canRepay = loan & ACTIVE != 0 && loan & PAUSED == 0;
        t.canSupply = collateralMoves && collateral & FROZEN == 0;
        t.canBorrow = t.canSupply && t.canRepay && loan & FROZEN == 0 && loan & BORROWING != 0 && t.ltvBps > 0;
        t.withdrawable = collateralMoves ? quote.balanceOf(address(quoteAToken)) : 0;
    }

    /// @dev All of it or, as beyond Aave's supply cap, nothing.
    function _supply(uint256 amount) private returns (uint256) {
        uint256 before = _scaledBalance();
        try pool.supply(address(quote), amount, address(this), NO_REFERRAL) {
            // Never more than there was: what a liquidator took is not made good by what is supplied later.
            scaledCollateral = Math.min(scaledCollateral, before) + _scaledBalance() - before;
            return amount;
        } catch {
            return 0;
        }
    }

    /// @dev Aave makes collateral of a first supply alone, and of none while the loan-to-value is zero: a crumb that somebody
    /// supplied at such a time would keep all that follows from counting.
    function _tryBorrow(uint256 amount) private returns (bool) {
        try pool.borrow(address(base), amount, VARIABLE_RATE, NO_REFERRAL, address(this)) {
            return true;
        } catch {
            try pool.setUserUseReserveAsCollateral(address(quote), true) {} catch {}
        }
        try pool.borrow(address(base), amount, VARIABLE_RATE, NO_REFERRAL, address(this)) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Pays out up to `wanted`, counted as Aave's scaled balance changes. What is left of a rounded unit when all of a
    /// closed loan's collateral goes is forgotten: closing closes.
    function _release(uint256 wanted, address to) private returns (uint256 released) {
        uint256 before = _scaledBalance();
        uint256 counted = Math.min(scaledCollateral, before);
        released = Math.min(wanted, _unscaled(counted));
        if (!_tryWithdraw(released, to)) {
            _dropForeignCollateral();
            released = Math.min(released, _virtualBalance());
            if (!_tryWithdraw(released, to)) return 0;
        }
        bool isClosed = wanted >= _unscaled(counted) && released > 0 && baseDebtToken.balanceOf(address(this)) == 0;
        scaledCollateral = isClosed ? 0 : Math.saturatingSub(counted, before - _scaledBalance());
    }

    function _tryWithdraw(uint256 amount, address to) private returns (bool) {
        if (amount == 0) return false;
        try pool.withdraw(address(quote), amount, to) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Whatever reserve but USDC counts as collateral, others have supplied it. It counts no longer, as far as Aave
    /// allows: one that it holds on to does not keep the rest from going.
    function _dropForeignCollateral() private {
        uint256 flags = pool.getUserConfiguration(address(this));
        for (uint16 id = 0; flags > 0; (++id, flags >>= 2)) {
            if (flags & USED_AS_COLLATERAL == 0) continue;
            address asset = pool.getReserveAddressById(id);
            if (asset == address(quote)) continue;
            try pool.setUserUseReserveAsCollateral(asset, false) {} catch {}
        }
    }

    /// @dev What Aave would pay out: from v3.1 on it does not count USDC that was merely sent to its aToken.
    function _virtualBalance() private view returns (uint256) {
        try pool.getVirtualUnderlyingBalance(address(quote)) returns (uint128 balance) {
            return balance;
        } catch {
            return type(uint256).max;
        }
    }

    /// @dev USDC of a scaled amount, rounded down.
    function _unscaled(uint256 scaled) private view returns (uint256) {
        return (scaled * pool.getReserveNormalizedIncome(address(quote))) / RAY;
    }

    function _scaledBalance() private view returns (uint256) {
        return IScaledBalance(address(quoteAToken)).scaledBalanceOf(address(this));
    }
}
