// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {DevUSDC} from "../../../contracts/devnet/DevUSDC.sol";

/// @notice Who is told when tokens arrive.
interface ITokenReceiver {
    function onTokensReceived(address from, uint256 amount) external;
}

/// @notice USDC that tells one receiver of every payment, as an ERC-777 token would: the door that a hostile receiver
/// needs. The real USDC has none; the contracts shall not depend on that.
contract TellingUSDC is DevUSDC {
    address private told;

    constructor(address owner) DevUSDC(owner) {}

    function tell(address receiver) external onlyOwner {
        told = receiver;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (to == told && from != address(0)) ITokenReceiver(to).onTokensReceived(from, amount);
    }
}
