// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title LP shares with asynchronous deposits and redemptions: ERC-4626 as ERC-7540 and ERC-7575 amend it
/// @notice A request joins the open epoch; when that epoch is over and processed, all deposits are filled at one price,
/// and redemptions too, in whole or each in the same proportion; then its controller claims with the ERC-4626 functions.
/// What is left of a redemption waits for the next epoch, at the next price. Until the epoch is over the controller may
/// cancel what is not filled, and again if it has not been processed for as long as an epoch lasts. Assets are USDC (6
/// decimals), shares have 18. There is no way to enter or leave without waiting for an epoch.
/// @dev The request id is always zero: a controller's requests of one kind are added up. Operators may do everything in
/// their principal's name, including sending what is claimed to themselves. A cancellation pays at once, without the
/// separate claim that ERC-7887 (a draft) asks for, so its interface ids are not claimed.
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
    /// @notice What was pending of the controller's deposit went back, to `receiver`.
    event DepositRequestCancelled(
        address indexed controller,
        address indexed receiver,
        uint256 indexed requestId,
        address sender,
        uint256 assets
    );
    event RedeemRequestCancelled(
        address indexed controller,
        address indexed receiver,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );
    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    /// @notice Shares of a filled deposit were claimed. ERC-7540: `sender` is the controller, `owner` the receiver.
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    /// @notice Assets of a filled redemption were claimed. `owner` is the controller.
    event Withdraw(
        address indexed sender,
        address indexed receiver,
        address indexed owner,
        uint256 assets,
        uint256 shares
    );
    /// @notice This contract is the vault of `asset` for its own shares (ERC-7575); emitted once, when it is made.
    event VaultUpdate(address indexed asset, address vault);

    /// @notice An asset that does not count like USDC, in units of 1e-6.
    error UnsuitableAsset(address asset, uint8 decimals);
    error Unauthorized(address caller);
    error ZeroAmount();
    error ZeroAddress();
    /// @notice The open epoch ended at `endsAt`: process it first, which anyone may do.
    error EpochOver(uint256 endsAt);
    /// @notice The price of a request is not known before its epoch is processed. What is claimable: the `max` functions.
    error PreviewUnavailable();

    /// @notice ERC-165.
    function supportsInterface(bytes4 interfaceId) external view returns (bool);

    /// @notice Lets `operator` request, cancel and claim in the caller's name, or no longer. @return success Always true.
    function setOperator(address operator, bool approved) external returns (bool success);
    function isOperator(address controller, address operator) external view returns (bool status);

    /// @notice Queues `assets` of `owner` (who is the caller or made it an operator, and approved this contract).
    /// @return requestId Zero.
    function requestDeposit(uint256 assets, address controller, address owner) external returns (uint256 requestId);

    /// @notice Queues `shares` of `owner` for redemption; an allowance of the caller serves as well.
    /// @return requestId Zero.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice Takes all that is pending of the controller's request out of the queue and returns it to `receiver`.
    function cancelDepositRequest(address controller, address receiver) external returns (uint256 assets);
    function cancelRedeemRequest(address controller, address receiver) external returns (uint256 shares);

    /// @notice Claims shares of filled deposits: `assets` of them as requested, or `shares` as minted. Shares are rounded
    /// down, assets up; claiming all of either claims all of both.
    function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function mint(uint256 shares, address receiver) external returns (uint256 assets);
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets);

    /// @notice Claims USDC of filled redemptions: for `shares` as requested, or `assets` as set aside. Assets are rounded
    /// down, shares up; claiming all of either claims all of both.
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256 shares);

    /// @notice These four always revert, as ERC-7540 demands.
    function previewDeposit(uint256 assets) external view returns (uint256 shares);
    function previewMint(uint256 shares) external view returns (uint256 assets);
    function previewRedeem(uint256 shares) external view returns (uint256 assets);
    function previewWithdraw(uint256 assets) external view returns (uint256 shares);

    /// @notice USDC.
    function asset() external view returns (address assetTokenAddress);

    /// @notice This contract is its own share token (ERC-7575).
    function share() external view returns (address shareTokenAddress);

    /// @notice The vault in which `asset` buys these shares: this contract for USDC, else the zero address (ERC-7575).
    function vault(address asset) external view returns (address);

    /// @notice Net assets of the pool at the current mark, USDC; zero when liabilities exceed assets.
    function totalAssets() external view returns (uint256);
    /// @notice At the mark's middle, without the spread that an epoch's bid and ask add; rounded down.
    function convertToShares(uint256 assets) external view returns (uint256 shares);
    function convertToAssets(uint256 shares) external view returns (uint256 assets);

    /// @notice What of the controller's request is not filled. Only the request id zero has any.
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice What of the controller's request is filled and not claimed, in the unit of the request.
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets);
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice All that waits, of all controllers.
    function pendingTotals() external view returns (uint256 assetsIn, uint256 sharesIn);

    /// @notice USDC set aside for filled redemptions, until claimed.
    function reservedForRedemptions() external view returns (uint256 assets);

    /// @notice What the controller may claim, of filled deposits and of filled redemptions, in assets and in shares.
    function maxDeposit(address controller) external view returns (uint256 assets);
    function maxMint(address controller) external view returns (uint256 shares);
    function maxRedeem(address controller) external view returns (uint256 shares);
    function maxWithdraw(address controller) external view returns (uint256 assets);
}
