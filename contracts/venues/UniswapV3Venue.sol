// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ISwapVenue} from "../interfaces/ISwapVenue.sol";
import {ISwapRouter} from "../interfaces/external/IUniswapV3.sol";

/// @title Swaps through one Uniswap v3 pool
/// @notice `route` is the ABI-encoded fee tier of the pool (uint24). Output and unspent input go back to the caller.
/// @dev Anyone may call: it only ever moves the caller's own tokens, and holds none between calls. The deadline is the
/// caller's affair: the desk checks its order's before it comes here.
contract UniswapV3Venue is ISwapVenue {
    using SafeERC20 for IERC20;

    ISwapRouter public immutable router;
    IERC20 public immutable base;
    IERC20 public immutable quote;

    constructor(ISwapRouter router_, IERC20 base_, IERC20 quote_) {
        router = router_;
        base = base_;
        quote = quote_;
        base_.forceApprove(address(router_), type(uint256).max);
        quote_.forceApprove(address(router_), type(uint256).max);
    }

    /// @inheritdoc ISwapVenue
    function buy(uint256 baseAmount, uint256 maxQuote, bytes calldata route) external returns (uint256 quoteSpent) {
        quote.safeTransferFrom(msg.sender, address(this), maxQuote);
        quoteSpent = router.exactOutputSingle(
            ISwapRouter.ExactOutputSingleParams({
                tokenIn: address(quote),
                tokenOut: address(base),
                fee: abi.decode(route, (uint24)),
                recipient: msg.sender,
                deadline: block.timestamp,
                amountOut: baseAmount,
                amountInMaximum: maxQuote,
                sqrtPriceLimitX96: 0
            })
        );
        if (quoteSpent < maxQuote) quote.safeTransfer(msg.sender, maxQuote - quoteSpent);
    }

    /// @inheritdoc ISwapVenue
    function sell(uint256 baseAmount, uint256 minQuote, bytes calldata route) external returns (uint256 quoteReceived) {
        base.safeTransferFrom(msg.sender, address(this), baseAmount);
        quoteReceived = router.exactInputSingle(
            ISwapRouter.ExactInputSingleParams({
                tokenIn: address(base),
                tokenOut: address(quote),
                fee: abi.decode(route, (uint24)),
                recipient: msg.sender,
                deadline: block.timestamp,
                amountIn: baseAmount,
                amountOutMinimum: minQuote,
                sqrtPriceLimitX96: 0
            })
        );
    }
}
