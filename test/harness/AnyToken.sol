// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token of any decimals, all of which belongs to whoever deploys it.
contract AnyToken is ERC20 {
    uint8 private immutable places;

    constructor(uint8 places_, uint256 supply) ERC20("Any", "ANY") {
        places = places_;
        _mint(msg.sender, supply);
    }

    function decimals() public view override returns (uint8) {
        return places;
    }
}
