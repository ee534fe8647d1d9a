// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ISwapVenue} from "../interfaces/ISwapVenue.sol";
import {ISwapRouter} from "../interfaces/external/IUniswapV3.sol";
import {SqrtPrice} from "../libraries/SqrtPrice.sol";
import {BPS} from "../libraries/Units.sol";

/// @title Swaps through Uniswap v3's router: one pool, several hops, or several of either at once
/// @notice `route` is an ABI-encoded array of {SwapPath}. Only the pools named at deployment are traded with, so that whoever
/// chooses the route cannot choose a pool of his own making; other pools mean another venue, which governance lists.
/// @dev A leg through one pool carries a price limit and may fill in part. A leg over several hops has none inside the
/// router: it fills whole within its share of the order's limit, or not at all. A leg that cannot fill does not hold up the
/// others. The deadline is the caller's affair: the desk checks its order's before it comes here.
contract UniswapV3Venue is ISwapVenue, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice A pool that routes may use, its tokens in any order.
    struct Pool {
        address tokenA;
        address tokenB;
        uint24 fee;
    }

    /// @notice A part of an order.
    /// @param shareBps Of the order; the last leg takes the remainder. @param hops What lies between the underlying and USDC:
    /// `fee` for one pool, `fee, token, fee` for two, packed into 3 and 20 bytes in turn; the same for both directions.
    struct SwapPath {
        uint256 shareBps;
        bytes hops;
    }

    uint256 private constant MAX_LEGS = 4;
    uint256 private constant MAX_HOPS = 3;
    uint256 private constant FEE_BYTES = 3;
    uint256 private constant HOP_BYTES = 23; // an address and a fee

    ISwapRouter public immutable router;
    IERC20 public immutable base;
    IERC20 public immutable quote;
    bool private immutable baseIsToken0;
    mapping(bytes32 key => bool) private allowed_;

    /// @notice Nothing could be bought or sold within the limit: the market is beyond it, or the route leads nowhere.
    error NothingFilled(uint256 baseAmount, uint256 quoteLimit);
    /// @notice Not `fee, token, fee, …`, or more than three hops.
    error InvalidHops(bytes hops);
    error PoolNotAllowed(address tokenA, address tokenB, uint24 fee);
    /// @notice One to four legs whose shares add up to 10,000 basis points.
    error InvalidShares(uint256 legs, uint256 sumBps);

    constructor(ISwapRouter router_, IERC20 base_, IERC20 quote_, Pool[] memory pools) {
        router = router_;
        base = base_;
        quote = quote_;
        baseIsToken0 = address(base_) < address(quote_);
        for (uint256 i = 0; i < pools.length; ++i) {
            allowed_[_key(pools[i].tokenA, pools[i].tokenB, pools[i].fee)] = true;
        }
        base_.forceApprove(address(router_), type(uint256).max);
        quote_.forceApprove(address(router_), type(uint256).max);
    }

    /// @notice Whether routes may go through this pool.
    function isAllowed(address tokenA, address tokenB, uint24 fee) external view returns (bool) {
        return allowed_[_key(tokenA, tokenB, fee)];
    }

    /// @inheritdoc ISwapVenue
    function buy(
        uint256 baseAmount,
        uint256 maxQuote,
        bytes calldata route
    ) external nonReentrant returns (uint256 spent) {
        SwapPath[] memory legs = _decode(route);
        for (uint256 i = 0; i < legs.length; ++i) {
            bool isLast = i == legs.length - 1;
            uint256 amount = _share(baseAmount, legs, i, isLast);
            uint256 limit = _share(maxQuote, legs, i, isLast);
            spent += _buyLeg(legs[i].hops, amount, limit);
        }
        if (spent == 0) revert NothingFilled(baseAmount, maxQuote);
        if (spent < maxQuote) quote.safeTransfer(msg.sender, maxQuote - spent);
    }

    /// @inheritdoc ISwapVenue
    function sell(
        uint256 baseAmount,
        uint256 minQuote,
        bytes calldata route
    ) external nonReentrant returns (uint256 sold) {
        SwapPath[] memory legs = _decode(route);
        for (uint256 i = 0; i < legs.length; ++i) {
            bool isLast = i == legs.length - 1;
            uint256 amount = _share(baseAmount, legs, i, isLast);
            uint256 limit = _share(minQuote, legs, i, isLast);
            sold += _sellLeg(legs[i].hops, amount, limit);
        }
        if (sold == 0) revert NothingFilled(baseAmount, minQuote);
        if (sold < baseAmount) base.safeTransfer(msg.sender, baseAmount - sold);
    }

    /// @dev A leg that the router refuses has filled nothing.
    function _buyLeg(bytes memory hops, uint256 amount, uint256 limit) private returns (uint256) {
        if (hops.length != FEE_BYTES) {
            // The router reads the path of an exact output backwards.
            ISwapRouter.ExactOutputParams memory swap = ISwapRouter.ExactOutputParams(
                _pathOf(hops),
                msg.sender,
                block.timestamp,
                amount,
                limit
            );
            try router.exactOutput(swap) returns (uint256 cost) {
                return cost;
            } catch {
                return 0;
            }
        }
        try
            router.exactOutputSingle(
                ISwapRouter.ExactOutputSingleParams({
                    tokenIn: address(quote),
                    tokenOut: address(base),
                    fee: _feeAt(hops, 0),
                    recipient: msg.sender,
                    deadline: block.timestamp,
                    amountOut: amount,
                    amountInMaximum: limit,
                    sqrtPriceLimitX96: SqrtPrice.buyLimit(amount, limit, _feeAt(hops, 0), baseIsToken0)
                })
            )
        returns (uint256 cost) {
            return cost;
        } catch {
            return 0;
        }
    }

    /// @dev What the router took is measured: of a part it reports the proceeds alone.
    function _sellLeg(bytes memory hops, uint256 amount, uint256 limit) private returns (uint256) {
        uint256 before = base.balanceOf(address(this));
        if (hops.length != FEE_BYTES) {
            ISwapRouter.ExactInputParams memory swap = ISwapRouter.ExactInputParams(
                _pathOf(hops),
                msg.sender,
                block.timestamp,
                amount,
                limit
            );
            try router.exactInput(swap) {} catch {}
        } else {
            try
                router.exactInputSingle(
                    ISwapRouter.ExactInputSingleParams({
                        tokenIn: address(base),
                        tokenOut: address(quote),
                        fee: _feeAt(hops, 0),
                        recipient: msg.sender,
                        deadline: block.timestamp,
                        amountIn: amount,
                        amountOutMinimum: 0, // the price limit is the bound: of a part, less than all of it comes
                        sqrtPriceLimitX96: SqrtPrice.sellLimit(amount, limit, _feeAt(hops, 0), baseIsToken0)
                    })
                )
            {} catch {}
        }
        return before - base.balanceOf(address(this));
    }

    function _decode(bytes calldata route) private view returns (SwapPath[] memory legs) {
        legs = abi.decode(route, (SwapPath[]));
        uint256 sum = 0;
        for (uint256 i = 0; i < legs.length; ++i) {
            sum += legs[i].shareBps;
            _requireHops(legs[i].hops);
        }
        if (sum != BPS || legs.length > MAX_LEGS) revert InvalidShares(legs.length, sum);
    }

    function _requireHops(bytes memory hops) private view {
        uint256 between = hops.length / HOP_BYTES;
        if (hops.length != between * HOP_BYTES + FEE_BYTES || between >= MAX_HOPS) revert InvalidHops(hops);
        address token = address(base);
        for (uint256 i = 0; i <= between; ++i) {
            address next = i == between ? address(quote) : _addressAt(hops, i * HOP_BYTES + FEE_BYTES);
            uint24 fee = _feeAt(hops, i * HOP_BYTES);
            if (!allowed_[_key(token, next, fee)]) revert PoolNotAllowed(token, next, fee);
            token = next;
        }
    }

    function _pathOf(bytes memory hops) private view returns (bytes memory) {
        return abi.encodePacked(address(base), hops, address(quote));
    }

    function _share(uint256 whole, SwapPath[] memory legs, uint256 index, bool isLast) private pure returns (uint256) {
        if (!isLast) return Math.mulDiv(whole, legs[index].shareBps, BPS);
        uint256 rest = whole;
        for (uint256 i = 0; i < index; ++i) rest -= Math.mulDiv(whole, legs[i].shareBps, BPS);
        return rest;
    }

    /// @dev The packed fee that starts at byte `offset`.
    function _feeAt(bytes memory hops, uint256 offset) private pure returns (uint24 fee) {
        assembly ("memory-safe") {
            fee := shr(232, mload(add(add(hops, 32), offset)))
        }
    }

    /// @dev The packed address that starts at byte `offset`.
    function _addressAt(bytes memory hops, uint256 offset) private pure returns (address token) {
        assembly ("memory-safe") {
            token := shr(96, mload(add(add(hops, 32), offset)))
        }
    }

    function _key(address a, address b, uint24 fee) private pure returns (bytes32) {
        (address low, address high) = a < b ? (a, b) : (b, a);
        return keccak256(abi.encode(low, high, fee));
    }
}
