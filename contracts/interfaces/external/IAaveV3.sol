// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice The part of Aave v3's pool that Keel uses.
interface IAavePool {
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;

    function withdraw(address asset, uint256 amount, address to) external returns (uint256);

    function borrow(
        address asset,
        uint256 amount,
        uint256 interestRateMode,
        uint16 referralCode,
        address onBehalfOf
    ) external;

    function repay(
        address asset,
        uint256 amount,
        uint256 interestRateMode,
        address onBehalfOf
    ) external returns (uint256);

    function getReserveNormalizedIncome(address asset) external view returns (uint256);

    function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;

    /// @notice Two bits for each reserve in the order of their ids: owed, used as collateral.
    function getUserConfiguration(address user) external view returns (uint256);

    function getReserveAddressById(uint16 id) external view returns (address);

    /// @notice What may be withdrawn of a reserve. From v3.1 on; before, whatever the aToken holds.
    function getVirtualUnderlyingBalance(address asset) external view returns (uint128);

    /// @notice The reserve's settings as Aave packs them, in one word.
    function getConfiguration(address asset) external view returns (uint256);

    // solhint-disable-next-line func-name-mixedcase
    function ADDRESSES_PROVIDER() external view returns (IAaveAddressesProvider);
}

/// @notice Where Aave says which of its contracts is in force.
interface IAaveAddressesProvider {
    function getPriceOracle() external view returns (address);
}

/// @notice The prices at which Aave values collateral and debt, in dollars with 8 decimals.
interface IAaveOracle {
    function getAssetPrice(address asset) external view returns (uint256);
}

/// @notice Aave's registry of a reserve's tokens.
interface IAaveDataProvider {
    function getReserveTokensAddresses(
        address asset
    ) external view returns (address aToken, address stableDebtToken, address variableDebtToken);
}

/// @notice A balance before interest, which only supplying, withdrawing, transfers and liquidations change.
interface IScaledBalance {
    function scaledBalanceOf(address user) external view returns (uint256);
}
