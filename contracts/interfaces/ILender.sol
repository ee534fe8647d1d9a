// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title Where the desk borrows the underlying against USDC
/// @notice Holds one loan, the desk's. Two verbs change it; collateral and debt can only ever go to the addresses that the
/// desk names. Adding a lender means writing one of these and its test.
interface ILender {
    /// @notice What the lending market allows now.
    /// @param thresholdBps Share of the collateral's value up to which debt is safe from liquidation.
    /// @param ltvBps Share up to which may be borrowed.
    /// @param canSupply Collateral can be added. @param canBorrow New debt is possible. @param canRepay Debt can be repaid.
    /// @param withdrawable USDC that the market could pay out now; zero while withdrawing is paused.
    struct LoanTerms {
        uint256 thresholdBps;
        uint256 ltvBps;
        bool canSupply;
        bool canBorrow;
        bool canRepay;
        uint256 withdrawable;
    }

    /// @notice Only the desk may change its loan.
    error OnlyDesk(address caller);

    /// @notice Adds `collateral` USDC, which the caller has sent, and borrows `amount` of the underlying for `to`. Either may be
    /// zero. What the market refuses now is left undone, without a revert: its caps are filled by whoever likes.
    /// @return supplied All of the collateral, or none: then it goes back to the caller. @return borrowed The amount, or nothing.
    function borrow(
        uint256 collateral,
        uint256 amount,
        address to
    ) external returns (uint256 supplied, uint256 borrowed);

    /// @notice Repays up to `amount` of the underlying, which the caller has sent, and then pays up to `collateral` USDC out
    /// to `to`. Either may be zero. What the market refuses now is left undone; if it refuses to be paid while there is debt,
    /// nothing is paid out either, as that was asked for on the strength of the payment.
    /// @return repaid What was owed of it and is paid; the rest goes back to the caller. @return released USDC paid out.
    function repay(uint256 amount, uint256 collateral, address to) external returns (uint256 repaid, uint256 released);

    /// @notice Debt in the underlying and collateral in USDC, interest up to this second included. Collateral that others
    /// have given is not counted; what a liquidation took is gone.
    function balances() external view returns (uint256 debt, uint256 collateral);

    /// @notice Collateral times threshold over debt as the lending market values them, WAD; the largest number without debt.
    function health() external view returns (uint256);

    /// @notice What the market allows now.
    function terms() external view returns (LoanTerms memory);
}
