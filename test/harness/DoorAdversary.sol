// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IHedgeDesk} from "../../contracts/interfaces/IHedgeDesk.sol";
import {IOptionMarket} from "../../contracts/interfaces/IOptionMarket.sol";
import {Leg} from "../../contracts/interfaces/Types.sol";

interface IDoorPool {
    function token0() external view returns (address);
    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256);
    function mint(address, int24, int24, uint128, bytes calldata) external returns (uint256, uint256);
    function burn(int24, int24, uint128) external returns (uint256, uint256);
    function collect(address, int24, int24, uint128, uint128) external returns (uint128, uint128);
}

/// @notice A stranger at the desk's doors: options for a moment, a pushed pool, liquidity where the desk has to trade.
contract DoorAdversary {
    /// @notice A pool that is pushed to `push`, given liquidity between two ticks, and taken back to `back`.
    struct Trap {
        IDoorPool pool;
        uint160 push;
        int24 lower;
        int24 upper;
        uint128 liquidity;
        uint160 back;
        bool buys;
    }

    IERC20 private immutable base;
    IERC20 private immutable quote;
    IHedgeDesk private immutable desk;
    IOptionMarket private immutable market;

    constructor(IERC20 base_, IERC20 quote_, IHedgeDesk desk_, IOptionMarket market_) {
        (base, quote, desk, market) = (base_, quote_, desk_, market_);
        quote_.approve(address(market_), type(uint256).max);
    }

    /// @notice Buys, or sells back. What a holder over several blocks does.
    function trade(uint256 id, int256 quantity) public {
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(id, quantity);
        market.trade(legs, type(int256).max, address(this), block.timestamp);
    }

    /// @notice In one transaction: options bought, the net delta shown to the desk, and options sold back.
    function show(uint256 id, int256 quantity) external {
        trade(id, quantity);
        desk.poke();
        trade(id, -quantity);
    }

    /// @notice Sells what it holds in the block after: the poke sees what was there when the block began.
    function showAndSell(uint256 id, int256 quantity) external {
        desk.poke();
        trade(id, -quantity);
    }

    /// @notice In one transaction: options bought, if any, hedged against our own liquidity, and sold back.
    function hedge(
        uint256 id,
        int256 bought,
        int256 sold,
        Trap calldata trap,
        IHedgeDesk.Order calldata order
    ) external {
        if (bought > 0) trade(id, bought);
        _lay(trap);
        desk.rebalancePublic(order);
        _take(trap);
        if (sold > 0) trade(id, -sold);
    }

    /// @notice In one transaction: an expiry settled, if any, and the desk made to sell to our own liquidity.
    function raise(uint256 expiry, uint80 roundId, Trap calldata trap, IHedgeDesk.Route calldata route) external {
        if (expiry > 0) market.settle(expiry, roundId);
        _lay(trap);
        desk.raiseCash(route);
        _take(trap);
    }

    /// @notice In one transaction: the hedge of an empty book closed against our own liquidity.
    function unwind(uint256 amount, Trap calldata trap, IHedgeDesk.Route calldata route) external {
        _lay(trap);
        desk.unwind(amount, route);
        _take(trap);
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function uniswapV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(int256(amount0), int256(amount1));
    }

    function _lay(Trap calldata trap) private {
        bool down = (trap.pool.token0() == address(base)) != trap.buys;
        trap.pool.swap(address(this), down, int256(1e30), trap.push, "");
        trap.pool.mint(address(this), trap.lower, trap.upper, trap.liquidity, "");
    }

    function _take(Trap calldata trap) private {
        bool down = (trap.pool.token0() == address(base)) != trap.buys;
        trap.pool.burn(trap.lower, trap.upper, trap.liquidity);
        trap.pool.collect(address(this), trap.lower, trap.upper, type(uint128).max, type(uint128).max);
        trap.pool.swap(address(this), !down, int256(1e30), trap.back, "");
    }

    function _pay(int256 amount0, int256 amount1) private {
        address token0 = IDoorPool(msg.sender).token0();
        (IERC20 x, IERC20 y) = token0 == address(base) ? (base, quote) : (quote, base);
        if (amount0 > 0) x.transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) y.transfer(msg.sender, uint256(amount1));
    }
}
