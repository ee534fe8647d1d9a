// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IUniswapV3Pool} from "../../../contracts/interfaces/external/IUniswapV3.sol";
import {Artifacts} from "./Artifacts.sol";
import {CHEATS} from "./Cheats.sol";
import {TellingUSDC} from "./Tokens.sol";

interface IWeth {
    function deposit() external payable;
    function transfer(address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function decimals() external view returns (uint8);
}

interface IFactory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (IPool);
}

/// @notice What Keel does not call of a pool, but whoever fills and moves it does.
interface IPool is IUniswapV3Pool {
    function initialize(uint160 sqrtPriceX96) external;
    function increaseObservationCardinalityNext(uint16 cardinality) external;
    function mint(
        address recipient,
        int24 tickLower,
        int24 tickUpper,
        uint128 amount,
        bytes calldata data
    ) external returns (uint256, uint256);
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amount,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256, int256);
}

/// @notice The real Uniswap v3 and WETH9, from the bytecode in their packages, with one pool that its owner can take to any
/// price.
abstract contract Exchange is Artifacts {
    uint24 internal constant POOL_FEE = 500;
    int24 private constant WIDEST = 887_270;
    uint128 private constant LIQUIDITY = 1e19;
    uint256 private constant RICHES = 1e30;

    TellingUSDC public usdc;
    IWeth public weth;
    IPool internal pool;

    function _openExchange(uint256 price) internal {
        usdc = new TellingUSDC(address(this));
        usdc.configureMinter(address(this), type(uint256).max);
        usdc.mint(address(this), RICHES);
        weth = IWeth(_deployArtifact("node_modules/@uniswap/v2-periphery/build/WETH9.json", ""));
        CHEATS.deal(address(this), RICHES);
        weth.deposit{value: RICHES}();

        address factory = _deployArtifact(
            "node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
            ""
        );
        pool = IFactory(factory).createPool(address(weth), address(usdc), POOL_FEE);
        pool.initialize(_sqrtPriceX96(price));
        pool.increaseObservationCardinalityNext(200);
        pool.mint(address(this), -WIDEST, WIDEST, LIQUIDITY, "");
    }

    /// @dev Swaps until the pool is at `price`, WAD USDC per WETH.
    function _movePool(uint256 price) internal {
        uint160 target = _sqrtPriceX96(price);
        (uint160 current, , , ) = pool.slot0();
        if (target == current) return;
        pool.swap(address(this), target < current, type(int128).max, target, "");
    }

    function uniswapV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(int256(amount0), int256(amount1));
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function _pay(int256 amount0, int256 amount1) private {
        assert(msg.sender == address(pool));
        (int256 wethDue, int256 usdcDue) = _wethIsToken0() ? (amount0, amount1) : (amount1, amount0);
        if (wethDue > 0) weth.transfer(msg.sender, uint256(wethDue));
        if (usdcDue > 0) assert(usdc.transfer(msg.sender, uint256(usdcDue)));
    }

    /// @dev A unit of USDC is 1e-6, of WETH 1e-18, and `price` is WAD: raw USDC per raw WETH is price / 1e30.
    function _sqrtPriceX96(uint256 price) private view returns (uint160) {
        uint256 ratioX192 = _wethIsToken0() ? Math.mulDiv(price, 1 << 192, 1e30) : Math.mulDiv(1e30, 1 << 192, price);
        return uint160(Math.sqrt(ratioX192));
    }

    function _wethIsToken0() private view returns (bool) {
        return address(weth) < address(usdc);
    }
}
