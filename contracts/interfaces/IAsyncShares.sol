// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title LP shares with asynchronous deposits and redemptions, after ERC-4626 and ERC-7540
/// @notice A request joins the open epoch; when that epoch is over and processed every request in it is filled at one
/// price; then its controller claims with the ERC-4626 functions. Until the epoch is over the controller may cancel, and
/// again if it has not been processed for as long as an epoch lasts. Assets are USDC (6
/// decimals), shares have 18. There is no way to enter or leave without waiting for an epoch.
interface IAsyncShares {
    event DepositRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 assets
    );
    event RedeemRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );
    event DepositRequestCancelled(address indexed controller, uint256 indexed requestId, uint256 assets);
    event RedeemRequestCancelled(address indexed controller, uint256 indexed requestId, uint256 shares);
    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    /// @notice Shares of a filled deposit were claimed (ERC-4626).
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    /// @notice Assets of a filled redemption were claimed (ERC-4626).
    event Withdraw(
        address indexed sender,
        address indexed receiver,
        address indexed owner,
        uint256 assets,
        uint256 shares
    );

    error Unauthorized(address caller);
    error ZeroAmount();
    error ZeroAddress();
    /// @notice The open epoch ended at `endsAt`: process it first, which anyone may do.
    error EpochOver(uint256 endsAt);

    /// @notice Lets `operator` request and claim in the caller's name.
    function setOperator(address operator, bool approved) external returns (bool);
    function isOperator(address controller, address operator) external view returns (bool);

    /// @notice Queues `assets` of `owner` (who is the caller or made it an operator, and approved this contract).
    /// @return requestId The epoch joined.
    function requestDeposit(uint256 assets, address controller, address owner) external returns (uint256 requestId);

    /// @notice Queues `shares` of `owner` for redemption; an allowance of the caller serves as well.
    /// @return requestId The epoch joined.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice Takes the controller's whole pending request out of the open epoch and returns it to `receiver`.
    function cancelDepositRequest(address controller, address receiver) external returns (uint256 assets);
    function cancelRedeemRequest(address controller, address receiver) external returns (uint256 shares);

    /// @notice Claims shares of filled deposits: `assets` of them as requested, or `shares` as minted.
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function mint(uint256 shares, address receiver) external returns (uint256 assets);
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets);

    /// @notice Claims USDC of filled redemptions: for `shares` as requested, or `assets` as set aside.
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);

    function asset() external view returns (address);

    /// @notice Net assets of the pool at the current mark, USDC; zero when liabilities exceed assets.
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);

    /// @notice What the controller has waiting in epoch `requestId`; zero once filled or for another epoch.
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice All that waits in the open epoch.
    function pendingTotals() external view returns (uint256 assetsIn, uint256 sharesIn);

    /// @notice What the controller may claim, in assets and in shares.
    function maxDeposit(address controller) external view returns (uint256 assets);
    function maxMint(address controller) external view returns (uint256 shares);
    function maxRedeem(address controller) external view returns (uint256 shares);
    function maxWithdraw(address controller) external view returns (uint256 assets);
}
