// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IOptionMarket} from "../../../contracts/interfaces/IOptionMarket.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {Leg} from "../../../contracts/interfaces/Types.sol";
import {ITokenReceiver} from "./Tokens.sol";

/// @notice A trader and LP that, whenever Keel pays it, comes back in through one door after another.
contract Intruder is ITokenReceiver {
    IOptionVault private immutable vault;
    IOptionMarket private immutable market;
    uint256 private next;
    /// @notice Payments during which it tried, and doors that let it in.
    uint256 public tries;
    uint256 public breaches;
    /// @notice A series that it buys if it can.
    uint256 public wanted;

    constructor(IOptionVault vault_, IOptionMarket market_) {
        vault = vault_;
        market = market_;
    }

    function want(uint256 id) external {
        wanted = id;
    }

    function onTokensReceived(address from, uint256) external {
        if (from != address(vault)) return;
        ++tries;
        (address door, bytes memory call) = _door(next++ % 7);
        (bool isIn, ) = door.call(call);
        if (isIn) ++breaches;
    }

    /// @dev Calls that would do something at any other time.
    function _door(uint256 i) private view returns (address, bytes memory) {
        if (i == 0) return (address(vault), abi.encodeCall(vault.mark, ()));
        if (i == 1) return (address(vault), abi.encodeCall(vault.redeem, (0, address(this), address(this))));
        if (i == 2) return (address(vault), abi.encodeCall(vault.withdraw, (0, address(this), address(this))));
        if (i == 3) return (address(vault), abi.encodeCall(vault.cancelDepositRequest, (address(this), address(this))));
        if (i == 4) return (address(vault), abi.encodeCall(vault.requestDeposit, (1, address(this), address(this))));
        if (i == 5) return (address(vault), abi.encodeCall(vault.processEpoch, ()));
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(wanted, 0.001e18);
        return (
            address(market),
            abi.encodeCall(market.trade, (legs, type(int256).max, address(this), type(uint256).max))
        );
    }
}
