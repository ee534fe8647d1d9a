// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPriceOracle} from "../../contracts/interfaces/IPriceOracle.sol";
import {ISwapRouter} from "../../contracts/interfaces/external/IUniswapV3.sol";

/// @notice Reads the oracle, swaps in the pool that it reads, and reads again, all in one transaction.
contract PriceWitness {
    IPriceOracle.Reading private _before;
    IPriceOracle.Reading private _after;
    uint256 private _spotBefore;
    uint256 private _spotAfter;

    function readAroundSwap(
        IPriceOracle oracle,
        ISwapRouter router,
        ISwapRouter.ExactInputSingleParams calldata swap
    ) external {
        (_spotBefore, ) = oracle.spot();
        _before = oracle.read();
        IERC20(swap.tokenIn).approve(address(router), swap.amountIn);
        router.exactInputSingle(swap);
        (_spotAfter, ) = oracle.spot();
        _after = oracle.read();
    }

    function witnessed()
        external
        view
        returns (
            IPriceOracle.Reading memory before,
            IPriceOracle.Reading memory afterwards,
            uint256 spotBefore,
            uint256 spotAfter
        )
    {
        return (_before, _after, _spotBefore, _spotAfter);
    }
}
