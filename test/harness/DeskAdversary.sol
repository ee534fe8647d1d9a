// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IHedgeDesk} from "../../contracts/interfaces/IHedgeDesk.sol";
import {ISwapRouter} from "../../contracts/interfaces/external/IUniswapV3.sol";

/// @notice Does in one transaction what an attacker would do around the desk's open door.
contract DeskAdversary {
    IERC20 private immutable base;
    IERC20 private immutable quote;
    ISwapRouter private immutable router;
    IHedgeDesk private immutable desk;

    constructor(IERC20 base_, IERC20 quote_, ISwapRouter router_, IHedgeDesk desk_) {
        (base, quote, router, desk) = (base_, quote_, router_, desk_);
        base_.approve(address(router_), type(uint256).max);
        quote_.approve(address(router_), type(uint256).max);
    }

    /// @notice Pushes the pool to a price, has the desk hedge there, and takes the pool back to where it was.
    /// @param limit √price at which pushing stops. @param back √price to return to.
    function sandwich(IHedgeDesk.Order calldata order, uint24 fee, uint160 limit, uint160 back) external {
        bool buysFirst = order.amount > 0;
        _swap(buysFirst, fee, limit);
        desk.rebalancePublic(order);
        _swap(!buysFirst, fee, back);
    }

    /// @notice Gives tokens to whoever might count them, has the desk hedge, and hopes to be counted in.
    function donate(
        IHedgeDesk.Order calldata order,
        address[] calldata to,
        uint256 baseEach,
        uint256 quoteEach
    ) external {
        for (uint256 i = 0; i < to.length; ++i) {
            base.transfer(to[i], baseEach);
            quote.transfer(to[i], quoteEach);
        }
        desk.rebalancePublic(order);
    }

    /// @notice Hedges in so many crumbs before someone else's order, then pokes.
    function frontRun(IHedgeDesk.Order calldata crumb, uint256 times) external {
        for (uint256 i = 0; i < times; ++i) desk.rebalancePublic(crumb);
        desk.poke();
    }

    function _swap(bool buying, uint24 fee, uint160 limit) private {
        IERC20 tokenIn = buying ? quote : base;
        router.exactInputSingle(
            ISwapRouter.ExactInputSingleParams({
                tokenIn: address(tokenIn),
                tokenOut: address(buying ? base : quote),
                fee: fee,
                recipient: address(this),
                deadline: block.timestamp,
                amountIn: tokenIn.balanceOf(address(this)),
                amountOutMinimum: 0,
                sqrtPriceLimitX96: limit
            })
        );
    }
}
